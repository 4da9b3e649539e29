package sparknet.data

/** What comes with each item of a data set.
  *
  * @param count
  *   values of its label: 1 for a class or a number, more for a vector, 0 without labels
  * @param weighted
  *   whether it has a weight, by which its loss is multiplied
  */
final case class Labelling(count: Int, weighted: Boolean) {

  /** Why blocks with these labels do not belong to such a data set. */
  private[data] def differs(block: Block): Option[String] =
    if (block.size == 0 || block.labelling == this) None
    else Some(s"items come with ${block.labelling}, and those of the data set with $this")

  override def toString: String =
    s"$count label ${if (count == 1) "value" else "values"}" + (if (weighted) " and a weight"
                                                                else "")
}

object Labelling {

  /** One number for each item. */
  val plain: Labelling = Labelling(1, weighted = false)
}
