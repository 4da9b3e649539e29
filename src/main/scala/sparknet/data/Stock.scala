package sparknet.data

import scala.collection.mutable

import sparknet.data.EpochWalk.BlockId
import sparknet.jna.{CaffeException, Status}

/** An item, where it lies. */
final case class Item(block: Block, index: Int) {

  /** The first value of its label. */
  def label: Float = block.labels(index * block.labelCount)

  /** Copies label and weight, as far as there are any, to those of item `i` of a minibatch. */
  private[data] def copyLabel(into: Minibatch, i: Int): Unit = {
    val count = block.labelCount
    System.arraycopy(block.labels, index * count, into.labels, i * count, count)
    if (into.weights != null) into.weights(i) = block.weights(index)
  }
}

/** A worker's share of a data set, of which only what is needed next is in memory.
  *
  * @param chunks
  *   for each chunk the sizes of its blocks
  * @param read
  *   reads a chunk from its start; the blocks must be the same ones each time
  */
final class Stock(val chunks: Array[Array[Int]], read: Int => Iterator[Block]) {
  private var loaded = Map.empty[BlockId, Block]
  private var open = Option.empty[Reading]

  private final class Reading(val chunk: Int) {
    private val blocks = SparkFailure.reading(() => read(chunk))
    var position = 0
    def next(): Block = SparkFailure.reading { () =>
      if (!blocks.hasNext) changed()
      position += 1
      blocks.next()
    }
  }

  /** Number of items. */
  def size: Long = chunks.iterator.flatten.map(_.toLong).sum

  /** Items in shuffled passes without end, from position `start` of the first one.
    *
    * @param window
    *   items that may be in memory at a time
    */
  def shuffled(start: Long, window: Long, worker: Int, seed: Long): Iterator[Item] =
    new EpochWalk(chunks, window, worker, seed).from(start).flatMap { stretch =>
      val blocks = load(stretch.blocks)
      val starts = blocks.scanLeft(0)(_ + _.size).toArray
      stretch.order.iterator.map { i =>
        val found = java.util.Arrays.binarySearch(starts, i)
        val b = if (found < 0) -found - 2 else found
        Item(blocks(b), i - starts(b))
      }
    }

  /** Each item once, in order. */
  def inOrder: Iterator[Item] =
    for {
      chunk <- chunks.indices.iterator
      index <- chunks(chunk).indices.iterator
      if chunks(chunk)(index) > 0
      block = load(IndexedSeq(BlockId(chunk, index))).head
      i <- Iterator.range(0, block.size)
    } yield Item(block, i)

  /** Reads blocks that are not here yet, and lets go of all others. */
  private def load(wanted: IndexedSeq[BlockId]): IndexedSeq[Block] = {
    loaded = loaded.filter(kept => wanted.contains(kept._1)) // before more is read
    val blocks = mutable.Map(loaded.toSeq: _*)
    for (id <- wanted if !blocks.contains(id)) blocks(id) = readUpTo(id)
    loaded = blocks.toMap
    wanted.map(blocks)
  }

  private def readUpTo(id: BlockId): Block = {
    val reading = open
      .filter(r => r.chunk == id.chunk && r.position <= id.index)
      .getOrElse(new Reading(id.chunk))
    open = None // who has failed is not asked again: it may never answer
    while (reading.position < id.index) reading.next()
    val block = reading.next()
    open = Some(reading)
    if (block.size != chunks(id.chunk)(id.index)) changed()
    block
  }

  private def changed(): Nothing = throw new CaffeException(
    Status.STATE,
    "the data have changed since they were counted: give the data set a storage level " +
      "that keeps them, or make what computes them deterministic"
  )
}
