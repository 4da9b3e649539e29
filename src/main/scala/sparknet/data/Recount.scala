package sparknet.data

import sparknet.jna.{CaffeException, Status}

/** Compares the blocks of a data set, whenever Spark computes them again, with those that were counted.
  * Here, before Spark keeps them: what reads on from kept blocks would not get others by trying again.
  *
  * Tasks get a copy that knows what the driver knew when their stage began: nothing before the count.
  *
  * @param sources
  *   for each partition what it is read from, where that is known
  */
private[data] final class Recount(sources: IndexedSeq[String]) extends Serializable {
  @volatile private var counted = Option.empty[Array[Part]]

  /** From now on blocks must be those of `parts`. */
  def expect(parts: Array[Part]): Unit = counted = Some(parts)

  /** The blocks of a partition. At the first that is not what it was when it was counted this throws:
    * a [[CaffeException]] that says what has changed.
    */
  def checked(partition: Int, blocks: Iterator[Block]): Iterator[Block] =
    counted.fold(blocks)(parts => new Checked(partition, parts(partition), blocks))

  private final class Checked(partition: Int, before: Part, blocks: Iterator[Block])
      extends Iterator[Block] {
    private var index = 0

    override def hasNext: Boolean = {
      val more = blocks.hasNext
      if (!more && index < before.blocks.length) differs(s"it ends ${after(index)}", "")
      more
    }

    override def next(): Block = {
      val block = blocks.next()
      block.fault.filter(_.status == Status.CALLBACK).foreach(fault => throw fault.thrown)
      val known = index < before.blocks.length
      val leftOut = if (known) before.leftOutBefore(index) else BadRecords.empty
      val (added, gone) = (block.leftOut.since(leftOut), leftOut.since(block.leftOut))
      Recount.spoilt(added).foreach(file => throw new CaffeException(Status.IO, file))
      val records =
        block.fault.fold("")(fault => s"; ${fault.message}") +
          (if (added.isEmpty) "" else s"; newly left out: ${added.list}") +
          (if (gone.isEmpty) "" else s"; no longer left out: ${gone.list}")
      if (!known) differs(s"it goes on ${after(index)}", records)
      if (block.size != before.blocks(index) || records.nonEmpty)
        differs(s"block $index has ${block.size} items instead of ${before.blocks(index)}", records)
      index += 1
      block
    }

    private def after(blocks: Int): String =
      s"after ${before.blocks.take(blocks).map(_.toLong).sum} of ${before.items} items"

    private def differs(how: String, records: String): Nothing = throw new CaffeException(
      Status.STATE,
      s"${where(partition)} is not what it was when it was counted: $how$records. Give the data " +
        "set a storage level that keeps them, or make what computes them deterministic"
    )
  }

  private def where(partition: Int): String =
    s"partition $partition of the data" + sources.lift(partition).fold("")(from => s" ($from)")
}

private object Recount {

  /** A file that was read at first and cannot be any more, and no trying again will help. */
  private def spoilt(added: BadRecords): Option[String] = {
    def was(how: String) = s"was $how when the data were counted, now it is"
    val whole = was("read to its end")
    Seq(
      BadRecord.unreadableFile -> s"${was("read")} not to be read",
      BadRecord.missingFile -> s"${was("there")} gone: no such file",
      BadRecord.truncatedTar -> s"$whole cut off",
      BadRecord.damagedTar -> s"$whole damaged",
      BadRecord.notATar -> s"$whole not a tar",
      BadRecord.emptyFile -> s"$whole empty"
    ).flatMap { case (reason, what) =>
      // An empty file may be an image, whose name has no folders.
      added.names(reason).filter(_.contains('/')).map(name => s"$name: $what")
    }.headOption
  }
}
