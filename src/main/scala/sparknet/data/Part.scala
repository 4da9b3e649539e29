package sparknet.data

/** What is worth knowing of a partition of a [[Dataset]] before it is trained on.
  *
  * @param blocks
  *   sizes of its blocks
  * @param bytes
  *   memory that the items take
  * @param lowest
  *   smallest label
  * @param highest
  *   largest label
  * @param whole
  *   whether all labels are whole numbers
  * @param fault
  *   what makes the data unusable
  * @param leftOutBefore
  *   for each block the records of the source that were left out on the way to it
  */
private[sparknet] final case class Part(
    blocks: Array[Int],
    bytes: Long,
    lowest: Float,
    highest: Float,
    whole: Boolean,
    fault: Option[Fault],
    leftOutBefore: Array[BadRecords]
) {
  def items: Long = blocks.iterator.map(_.toLong).sum

  def leftOut: BadRecords = BadRecords.all(leftOutBefore.toSeq)
}

private[sparknet] object Part {
  private val none = Part(
    Array.empty,
    0,
    Float.PositiveInfinity,
    Float.NegativeInfinity,
    whole = true,
    None,
    Array.empty
  )

  /** Looks through a partition, up to the first fault. */
  def of(partition: Int, blocks: Iterator[Block], labelling: Labelling): Part = {
    val sizes = Array.newBuilder[Int]
    val leftOut = Array.newBuilder[BadRecords]
    var part = none
    var items = 0L
    for (block <- blocks if part.fault.isEmpty) {
      val labels = block.labels
      val unusable = labels.indexWhere(label => label.isNaN || label.isInfinite)
      val fault = block.fault
        .orElse(labelling.differs(block).map(how => Fault.ofData(s"partition $partition: $how")))
        .orElse {
          if (unusable < 0) None
          else {
            val record = items + unusable / labelling.count
            Some(
              Fault.ofData(
                s"record $record of partition $partition has the label ${labels(unusable)}"
              )
            )
          }
        }
      sizes += block.size
      leftOut += (if (block.leftOut.isEmpty) BadRecords.empty else block.leftOut)
      items += block.size
      part = Part(
        Array.empty,
        part.bytes + block.byteCount,
        labels.foldLeft(part.lowest)(math.min),
        labels.foldLeft(part.highest)(math.max),
        part.whole && labels.forall(label => label == math.rint(label.toDouble)),
        fault,
        Array.empty
      )
    }
    part.copy(blocks = sizes.result(), leftOutBefore = leftOut.result())
  }

  /** The first label that is no class, and its record.
    *
    * @param values
    *   of each label, and which of them are classes
    */
  def noClass(
      blocks: Iterator[Block],
      classes: Int,
      values: Int,
      which: Range
  ): Iterator[(Float, Int)] =
    blocks
      .flatMap(block => Iterator.range(0, block.size).map(block -> _))
      .zipWithIndex
      .flatMap { case ((block, item), record) =>
        which.iterator
          .map(value => block.labels(item * values + value))
          .filterNot { label =>
            label >= 0 && label < classes && label == math.rint(label.toDouble)
          }
          .map(_ -> record)
      }
      .take(1)
}
