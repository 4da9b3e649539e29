package sparknet.train

import sparknet.jna.{FloatMemory, HalfMemory, SharedNumbers, VectorMath}

/** Another JVM did not give a piece: it is gone, or has something else by now. */
private[train] final class MissingPiece(message: String) extends Exception(message)

/** What is being done is of no use any more. */
private[train] final class AbandonedOrder extends Exception

/** A host's part in bringing vectors together: it computes some pieces of the mean of all vectors and
  * fetches the others from the hosts that did (reduce-scatter, all-gather), straight from memory to
  * memory.
  *
  * @param own
  *   vectors of this host by name
  */
private[train] final class AllReduce(
    memory: Memory,
    own: String => Option[SharedNumbers],
    stopped: () => Boolean
) {
  import AllReduce._

  /** Pieces of the mean of the terms, each weighted by its images, as floats or bfloat16 as the terms
    * are. The sum runs in the order of the terms and in double precision, so it does not depend on who
    * computes it, and equal vectors have exactly themselves as mean.
    *
    * @param into
    *   gets the pieces; its first number is number `offset` of the whole vector
    */
  def reduce(terms: Seq[Term], pieces: Seq[Int], into: SharedNumbers, offset: Int = 0): Unit = {
    val layout = terms.head.vector.pieces
    val own = terms.map(term => this.own(term.vector.name))
    val chunk = math.max(leastChunk, math.min(mostChunk, chunks / terms.length))
    val halves = terms.head.vector.halves
    // What has been fetched, a chunk of each vector at a time: it comes in several parts.
    val floats = own.count(_.isEmpty) * chunk
    val rows = if (halves) new HalfMemory(floats) else new FloatMemory(floats)
    val mean = new VectorMath.Mean(terms.map(_.images.toDouble).toArray, halves)
    val wanted = for (piece <- pieces; (term, None) <- terms.zip(own)) yield (term.vector, piece)
    try
      // From everybody at once: one after the other would be asked by all at the same time.
      fetching(wanted, math.max(fewest, terms.length)) { incoming =>
        for (piece <- pieces) {
          val start = layout.start(piece)
          val fetched = own.filter(_.isEmpty).map(_ => incoming.next()).toIndexedSeq
          try
            for (from <- 0 until layout.length(piece) by chunk) {
              val count = math.min(chunk, layout.length(piece) - from)
              var row = 0
              for ((values, i) <- own.zipWithIndex) values match {
                case Some(numbers) => mean.set(i, numbers.address(start + from))
                case None          =>
                  fetched(row).copyTo(from * into.width, rows.bytes(row * chunk, count))
                  mean.set(i, rows.address(row * chunk))
                  row += 1
              }
              mean(into.address(start + from - offset), count)
            }
          finally fetched.foreach(_.close())
        }
      }
    finally {
      mean.close()
      rows.close()
    }
  }

  /** Fetches pieces, each from one who has it. */
  def gather(pieces: Seq[(Published, Int)], into: SharedNumbers): Unit =
    fetching(pieces, fewest) { incoming =>
      for ((from, piece) <- pieces) {
        val arrived = incoming.next()
        try arrived.copyTo(0, into.bytes(from.pieces.start(piece), from.pieces.length(piece)))
        finally arrived.close()
      }
    }

  /** Has pieces fetched in order, a few ahead of the one that is needed. */
  private def fetching(wanted: Seq[(Published, Int)], ahead: Int)(
      body: Iterator[Incoming] => Unit
  ): Unit = {
    val underWay = new PiecesUnderWay(memory, wanted, ahead)
    try
      body(Iterator.continually {
        var arrived = underWay.next(pollMillis)
        while (arrived.isEmpty) {
          if (stopped()) throw new AbandonedOrder
          arrived = underWay.next(pollMillis)
        }
        arrived.get
      })
    finally underWay.close()
  }
}

private[train] object AllReduce {

  // Numbers of a vector that are added up at a time: chunks of all vectors stay in the processor's
  // caches, and calls of the engine are few.
  private val chunks = 1 << 17
  private val leastChunk = 1 << 10
  private val mostChunk = 1 << 14

  /** Pieces on their way at a time, at least. */
  private[train] val fewest = 6
  private val pollMillis = 50L
}

/** Pieces that are fetched in order, so many at a time. */
private[train] final class PiecesUnderWay(memory: Memory, wanted: Seq[(Published, Int)], ahead: Int)
    extends AutoCloseable {
  private val open = new scala.collection.mutable.Queue[(Published, Int, Incoming)]
  private val rest = wanted.iterator
  (1 to ahead).foreach(_ => start())

  private def start(): Unit = if (rest.hasNext) {
    val (from, piece) = rest.next()
    open.enqueue((from, piece, memory.fetch(from, piece)))
  }

  /** The next one, which the caller closes, if it arrives within some time. */
  def next(millis: Long): Option[Incoming] = {
    val (from, piece, incoming) = open.head
    if (!incoming.await(millis)) None
    else {
      open.dequeue()
      try {
        start()
        incoming.failure.foreach { why =>
          throw new MissingPiece(s"piece $piece of ${from.name} from ${from.place.host}: $why")
        }
      } catch {
        case e: Throwable =>
          incoming.close()
          throw e
      }
      Some(incoming)
    }
  }

  override def close(): Unit = open.foreach(_._3.close())
}

/** Fetches pieces bit by bit, for who has other things to do meanwhile. */
private[train] final class Gathering(
    memory: Memory,
    pieces: Seq[(Published, Int)],
    into: SharedNumbers
) extends AutoCloseable {
  private val underWay = new PiecesUnderWay(memory, pieces, AllReduce.fewest)
  private val rest = pieces.iterator.buffered

  /** Takes what arrives within some time, but not much at once.
    *
    * @return
    *   whether all of it is there; throws if some of it cannot be had
    */
  def advance(millis: Long): Boolean = {
    var taken = 0
    while (taken < AllReduce.fewest && rest.hasNext && take(millis)) taken += 1
    !rest.hasNext
  }

  private def take(millis: Long): Boolean = {
    val arrived = underWay.next(millis)
    for (incoming <- arrived) {
      val (from, piece) = rest.next()
      try incoming.copyTo(0, into.bytes(from.pieces.start(piece), from.pieces.length(piece)))
      finally incoming.close()
    }
    arrived.nonEmpty
  }

  /** Whose piece is taken next. */
  def from: Option[Published] = if (rest.hasNext) Some(rest.head._1) else None

  override def close(): Unit = underWay.close()
}
