package sparknet.data

import java.util.Locale

/** Counts of bad records by reason, with a few names each. */
final class BadRecords private (private val reasons: Map[String, BadRecords.Tally])
    extends Serializable {
  import BadRecords._

  def total: Long = reasons.values.map(_.count).sum

  def isEmpty: Boolean = reasons.isEmpty

  /** Count of each reason that occurred. */
  def counts: Map[String, Long] = reasons.map { case (reason, tally) => reason -> tally.count }

  /** The first names of a reason, at most [[BadRecords.maxNames]]. */
  def names(reason: String): Seq[String] = reasons.get(reason).toSeq.flatMap(_.names)

  def +(bad: BadRecord): BadRecords = plus(bad.reason, Tally(1, Vector(bad.name)))

  def ++(other: BadRecords): BadRecords =
    other.reasons.foldLeft(this) { case (sum, (reason, tally)) => sum.plus(reason, tally) }

  /** What is here and not in an earlier count of the same records. */
  def since(before: BadRecords): BadRecords = {
    val fresh = for {
      (reason, tally) <- reasons
      more = tally.count - before.counts.getOrElse(reason, 0L)
      if more > 0
    } yield reason -> Tally(more, tally.names.filterNot(before.names(reason).contains))
    new BadRecords(fresh)
  }

  private def plus(reason: String, more: Tally): BadRecords = {
    val old = reasons.getOrElse(reason, Tally(0, Vector.empty))
    val names =
      if (old.names.length < maxNames) (old.names ++ more.names).take(maxNames) else old.names
    new BadRecords(reasons.updated(reason, Tally(old.count + more.count, names)))
  }

  /** "2 corrupt image (a.JPEG, b.JPEG), 1 no label (c.JPEG)", the most frequent reason first. */
  def list: String =
    reasons.toSeq
      .sortBy { case (reason, tally) => (-tally.count, reason) }
      .map { case (reason, tally) =>
        val more = if (tally.count > tally.names.length) ", ..." else ""
        s"${number(tally.count)} $reason (${tally.names.mkString(", ")}$more)"
      }
      .mkString(", ")

  /** "3 of 1,200 records left out: " and the list.
    *
    * @param read
    *   number of records that were looked at, the bad ones among them
    */
  def leftOutOf(read: Long): String =
    s"${number(total)} of ${number(read)} records left out: $list"

  override def equals(other: Any): Boolean = other match {
    case that: BadRecords => reasons == that.reasons
    case _                => false
  }

  override def hashCode: Int = reasons.hashCode

  /** "3 records left out: 2 corrupt image (a.JPEG, b.JPEG), 1 no label (c.JPEG)". */
  override def toString: String =
    if (isEmpty) "no records left out"
    else s"${number(total)} ${if (total == 1) "record" else "records"} left out: $list"
}

object BadRecords {

  /** How many names are kept for each reason. */
  val maxNames = 5

  val empty: BadRecords = new BadRecords(Map.empty)

  /** The sum of several counts; names come in their order. */
  def all(counts: Seq[BadRecords]): BadRecords = counts.foldLeft(empty)(_ ++ _)

  private final case class Tally(count: Long, names: Vector[String])

  private def number(n: Long): String = String.format(Locale.ROOT, "%,d", Long.box(n))
}
