package sparknet.data

import java.util.SplittableRandom

/** The order in which a worker sees its items: all of them once in each pass, every pass in a
  * shuffled order of its own.
  *
  * The position follows from the number of items seen so far, which the driver counts, and nothing is
  * remembered: a worker that takes over a share goes on where the lost one was. Why not a random
  * window a round, as in the paper: docs/decisions/0003-averaging.md.
  *
  * A share that is larger than the window is not shuffled as a whole: its chunks come in a shuffled
  * order, and the items are shuffled within stretches of at most a window (or one block).
  *
  * @param chunks
  *   for each chunk, a part that is read from its start, the sizes of its blocks; in all at least
  *   one item
  * @param window
  *   items that may be in memory at a time
  */
final class EpochWalk(chunks: Array[Array[Int]], window: Long, worker: Int, seed: Long) {
  import EpochWalk._

  private val items = chunks.iterator.flatten.map(_.toLong).sum

  /** What to read from position `start` on, without end. */
  def from(start: Long): Iterator[Stretch] =
    Iterator.iterate(start / items)(_ + 1).flatMap { pass =>
      val skipped = if (pass == start / items) start % items else 0L
      stretches(pass, skipped)
    }

  private def stretches(pass: Long, skipped: Long): Iterator[Stretch] = {
    // Seeds of neighbouring passes and workers are hashed apart by the generator's own mixing.
    val random =
      new SplittableRandom(new SplittableRandom(seed + 31L * worker).nextLong() ^ (pass + 1))
    val whole = items <= window
    val order = if (whole) Array.range(0, chunks.length) else shuffled(chunks.length, random)
    val blocks = order.iterator.flatMap(c => chunks(c).indices.iterator.map(b => BlockId(c, b)))
    var before = 0L
    grouped(blocks.filter(sizeOf(_) > 0))
      .map { group =>
        val size = group.map(sizeOf).sum
        val start = math.max(0L, skipped - before)
        before += size
        // Skipped ones too draw from the generator, so that the rest is the same.
        val indices = shuffled(size, random)
        Stretch(group, if (start < size) indices.drop(start.toInt) else Array.empty)
      }
      .filter(_.order.nonEmpty)
  }

  /** Takes blocks together up to a window. */
  private def grouped(blocks: Iterator[BlockId]): Iterator[IndexedSeq[BlockId]] = {
    val ahead = blocks.buffered
    Iterator.continually(()).takeWhile(_ => ahead.hasNext).map { _ =>
      val group = IndexedSeq.newBuilder[BlockId]
      var size = 0L
      do {
        size += sizeOf(ahead.head)
        group += ahead.next()
      } while (ahead.hasNext && size + sizeOf(ahead.head) <= math.min(window, Int.MaxValue.toLong))
      group.result()
    }
  }

  private def sizeOf(block: BlockId): Int = chunks(block.chunk)(block.index)
}

object EpochWalk {

  /** A block by the number of its chunk and its own in it. */
  final case class BlockId(chunk: Int, index: Int)

  /** Blocks to read, and the order of their items: indices into all of them, one after the other. */
  final case class Stretch(blocks: IndexedSeq[BlockId], order: Array[Int])

  private def shuffled(size: Int, random: SplittableRandom): Array[Int] = {
    val order = Array.range(0, size)
    for (i <- size - 1 until 0 by -1) {
      val j = random.nextInt(i + 1)
      val swapped = order(i)
      order(i) = order(j)
      order(j) = swapped
    }
    order
  }
}
