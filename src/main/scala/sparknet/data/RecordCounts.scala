package sparknet.data

import org.apache.spark.util.AccumulatorV2

/** How many records each partition of an RDD had, and which of them were bad.
  *
  * Kept by partition, so that one that is computed again counts once.
  */
private[data] final class RecordCounts(parts: Map[Int, RecordCounts.Part]) extends Serializable {

  /** All records, the bad ones among them. */
  lazy val read: Long = parts.values.map(_.read).sum

  lazy val bad: BadRecords =
    BadRecords.all(parts.toSeq.sortBy(_._1).map(_._2.bad))

  /** How many partitions were read to their end. */
  def complete: Int = parts.values.count(_.complete)

  def isEmpty: Boolean = parts.isEmpty

  def +(entry: (Int, RecordCounts.Part)): RecordCounts = {
    val (index, fresh) = entry
    // What is known of a whole partition outlives a later look at its start.
    val stays = parts.get(index).filter { old =>
      !fresh.complete && (old.complete || old.read > fresh.read)
    }
    new RecordCounts(parts.updated(index, stays.getOrElse(fresh)))
  }

  def ++(later: RecordCounts): RecordCounts = later.entries.foldLeft(this)(_ + _)

  private def entries: Seq[(Int, RecordCounts.Part)] = parts.toSeq

  override def toString: String = bad.leftOutOf(read)
}

private[data] object RecordCounts {
  val empty = new RecordCounts(Map.empty)

  /** @param complete
    *   whether the partition was read to its end
    */
  final case class Part(read: Long, bad: BadRecords, complete: Boolean)

  final class Accumulator extends AccumulatorV2[(Int, Part), RecordCounts] {
    @volatile private var counts = empty

    override def isZero: Boolean = counts.isEmpty
    override def copy(): Accumulator = {
      val same = new Accumulator
      same.counts = counts
      same
    }
    override def reset(): Unit = counts = empty
    override def add(entry: (Int, Part)): Unit = counts += entry
    override def merge(later: AccumulatorV2[(Int, Part), RecordCounts]): Unit =
      counts ++= later.value
    override def value: RecordCounts = counts
  }
}
