package sparknet.seen

import scala.collection.mutable.ArrayBuffer

/** A series that may go on for ever, in bounded memory: when it gets too long two neighbours become one,
  * and from then on twice as many of what comes.
  *
  * @param most
  *   entries, an even number
  * @param merge
  *   of two neighbours, the earlier one first
  */
private[seen] final class Thinned[A](most: Int)(merge: (A, A) => A) {
  private val entries = new ArrayBuffer[A]
  private var each = 1 // additions that make an entry
  private var inLast = 1

  def +=(next: A): Unit =
    if (entries.nonEmpty && inLast < each) {
      entries(entries.length - 1) = merge(entries.last, next)
      inLast += 1
    } else {
      if (entries.length == most) {
        val pairs = entries.grouped(2).map(_.reduce(merge)).toVector
        entries.clear()
        entries ++= pairs
        each *= 2
      }
      entries += next
      inLast = 1
    }

  def toVector: Vector[A] = entries.toVector
}

private[seen] object Thinned {

  /** The same series with no more entries than that. */
  def of[A](all: Seq[A], most: Int)(merge: (A, A) => A): Vector[A] = {
    val each = math.max(1, (all.length + most - 1) / most)
    all.grouped(each).map(_.reduce(merge)).toVector
  }
}
