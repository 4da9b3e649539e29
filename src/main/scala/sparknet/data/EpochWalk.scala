package sparknet.data

import java.util.SplittableRandom

/** The order in which a worker sees the items of its partition: all of them once in each pass, every
  * pass in a shuffled order of its own.
  *
  * The position follows from the number of items seen so far, which the driver counts, and nothing is
  * remembered: a worker that takes over a partition goes on where the lost one was. Why not a random
  * window a round, as in the paper: docs/decisions/0003-averaging.md.
  *
  * @param items
  *   size of the partition, at least 1
  */
final class EpochWalk(items: Int, partition: Int, seed: Long) {

  /** The indices from position `start` on, without end. */
  def from(start: Long): Iterator[Int] = {
    var position = start
    var pass = -1L
    var order = Array.empty[Int]
    Iterator.continually {
      if (pass != position / items) {
        pass = position / items
        order = shuffled(pass)
      }
      val index = order((position % items).toInt)
      position += 1
      index
    }
  }

  private def shuffled(pass: Long): Array[Int] = {
    // Seeds of neighbouring passes and partitions are hashed apart by the generator's own mixing.
    val random =
      new SplittableRandom(new SplittableRandom(seed + 31L * partition).nextLong() ^ (pass + 1))
    val order = Array.range(0, items)
    for (i <- items - 1 until 0 by -1) {
      val j = random.nextInt(i + 1)
      val swapped = order(i)
      order(i) = order(j)
      order(j) = swapped
    }
    order
  }
}
