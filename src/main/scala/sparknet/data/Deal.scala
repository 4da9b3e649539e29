package sparknet.data

/** How the values that come with each item are dealt out to the tops of a net that take data: the
  * first tops take up an item, the next ones its label, a last one its weight. A net may take no weights,
  * and one with a single top no labels.
  */
private[sparknet] final class Deal(itemSize: Int, labelling: Labelling) {
  import Deal._

  /** @param sizes
    *   for each top how many values it takes of an item
    * @return
    *   the tops that take labels; the tops before take items, one behind them the weights
    */
  def of(sizes: Seq[Int]): Either[Misfit, Range] = {
    val taken = sizes.scanLeft(0L)(_ + _)
    val items = taken.indexOf(itemSize.toLong)
    val rest = sizes.drop(items)
    // One top may be all; of several the last one takes labels, if there are any.
    val unlabelled = rest.isEmpty && items > 1 && labelling.count > 0
    if (items < 1 || unlabelled) Left(ItemsDiffer)
    else {
      val values = rest.map(_.toLong).sum
      if (rest.isEmpty || values == labelling.count) Right(items until sizes.length)
      else if (labelling.weighted && rest.last == 1 && values == labelling.count + 1L)
        Right(items until sizes.length - 1)
      else Left(LabelsDiffer(items, values))
    }
  }
}

private[sparknet] object Deal {

  sealed trait Misfit

  /** No first tops take up exactly an item. */
  case object ItemsDiffer extends Misfit

  /** The tops from `first` on take so many values, and what comes with an item is another number. */
  final case class LabelsDiffer(first: Int, values: Long) extends Misfit
}
