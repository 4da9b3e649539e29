package sparknet.train

import java.nio.{ByteBuffer, ByteOrder}

import sparknet.jna.{FloatMemory, HalfMemory, SharedNumbers}

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

  private val chunk =
    ByteBuffer.allocateDirect(chunkFloats * floatBytes).order(ByteOrder.nativeOrder)
  private val some = new Array[Float](chunkFloats)
  private val someHalves = new Array[Short](chunkFloats)

  /** Pieces of the mean of the terms, each weighted by its images. The sum runs in the order of the
    * terms and in double precision, so it does not depend on who computes it, and equal vectors have
    * exactly themselves as mean.
    *
    * @param into
    *   gets the pieces; its first float is float `offset` of the whole vector
    */
  def reduce(terms: Seq[Term], pieces: Seq[Int], into: FloatMemory, offset: Int): Unit =
    reduce(terms, pieces) { (from, floats) =>
      into.floats(from - offset, floats).put(some, 0, floats)
      ()
    }

  /** The same, rounded to bfloat16. */
  def reduce(terms: Seq[Term], pieces: Seq[Int], into: HalfMemory): Unit =
    reduce(terms, pieces) { (from, floats) =>
      HalfMemory.round(some, someHalves, floats)
      into.shorts(from, floats).put(someHalves, 0, floats)
      ()
    }

  private def reduce(terms: Seq[Term], pieces: Seq[Int])(write: (Int, Int) => Unit): Unit = {
    val layout = terms.head.vector.pieces
    val total = terms.map(_.images).sum.toDouble
    val passes = terms.grouped(atATime).toIndexedSeq
    // Sums that wait for the next pass; of a single pass none do.
    val sums = new Array[Double](
      if (passes.length == 1) chunkFloats else pieces.map(layout.length).foldLeft(0)(math.max)
    )
    val wanted = for {
      piece <- pieces
      term <- terms
      if own(term.vector.name).isEmpty
    } yield (term.vector, piece)
    // From everybody at once: one after the other would be asked by all at the same time.
    fetching(wanted, math.max(fewest, terms.length)) { incoming =>
      for (piece <- pieces; (pass, number) <- passes.zipWithIndex) {
        val inputs = pass.map { term =>
          val input = own(term.vector.name) match {
            case Some(values) => new OwnInput(values, layout.start(piece), term.vector.halves)
            case None         => new FetchedInput(incoming.next(), term.vector.halves)
          }
          (input, term.images.toDouble)
        }
        try {
          var from = 0
          while (from < layout.length(piece)) {
            val floats = math.min(chunkFloats, layout.length(piece) - from)
            val at = if (passes.length == 1) 0 else from
            if (number == 0) java.util.Arrays.fill(sums, at, at + floats, 0.0)
            for ((input, images) <- inputs) {
              input.read(from, floats)
              add(sums, at, floats, images)
            }
            if (number == passes.length - 1) {
              divide(sums, at, floats, total)
              write(layout.start(piece) + from, floats)
            }
            from += floats
          }
        } finally inputs.foreach(_._1.close())
      }
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

  /** One term's floats of a piece. */
  private sealed trait Input {

    /** Copies floats from `from` on into `some`. */
    def read(from: Int, floats: Int): Unit
    def close(): Unit
  }

  private final class OwnInput(values: SharedNumbers, start: Int, halves: Boolean) extends Input {
    override def read(from: Int, floats: Int): Unit =
      take(values.bytes(start + from, floats), halves, floats)
    override def close(): Unit = ()
  }

  private final class FetchedInput(arrived: Incoming, halves: Boolean) extends Input {
    private val size = if (halves) HalfMemory.bytesEach.toInt else floatBytes

    override def read(from: Int, floats: Int): Unit = {
      chunk.clear()
      chunk.limit(floats * size)
      arrived.copyTo(from * size, chunk)
      chunk.flip()
      take(chunk, halves, floats)
    }
    override def close(): Unit = arrived.close()
  }

  private def take(bytes: ByteBuffer, halves: Boolean, floats: Int): Unit =
    if (halves) {
      bytes.asShortBuffer.get(someHalves, 0, floats)
      HalfMemory.widen(someHalves, some, floats)
    } else {
      bytes.asFloatBuffer.get(some, 0, floats)
      ()
    }

  // Loops of their own, over nothing but arrays: the JVM's compiler makes them vector loops.
  /** `into` = how much `values` differ from `base`, rounded to bfloat16. */
  def difference(values: FloatMemory, base: FloatMemory, into: HalfMemory): Unit =
    chunks(values.count) { (from, floats) =>
      val other = new Array[Float](chunkFloats)
      base.floats(from, floats).get(other, 0, floats)
      values.floats(from, floats).get(some, 0, floats)
      var i = 0
      while (i < floats) {
        some(i) -= other(i)
        i += 1
      }
      HalfMemory.round(some, someHalves, floats)
      into.shorts(from, floats).put(someHalves, 0, floats)
      ()
    }

  /** Adds differences to weights. */
  def apply(differences: HalfMemory, to: FloatMemory): Unit = chunks(to.count) { (from, floats) =>
    val other = new Array[Float](chunkFloats)
    to.floats(from, floats).get(other, 0, floats)
    differences.shorts(from, floats).get(someHalves, 0, floats)
    HalfMemory.widen(someHalves, some, floats)
    var i = 0
    while (i < floats) {
      some(i) += other(i)
      i += 1
    }
    to.floats(from, floats).put(some, 0, floats)
    ()
  }

  private def chunks(count: Int)(body: (Int, Int) => Unit): Unit =
    for (from <- 0 until count by chunkFloats) body(from, math.min(chunkFloats, count - from))

  private def add(sums: Array[Double], at: Int, floats: Int, images: Double): Unit = {
    var i = 0
    while (i < floats) {
      sums(at + i) += some(i) * images
      i += 1
    }
  }

  private def divide(sums: Array[Double], at: Int, floats: Int, total: Double): Unit = {
    var i = 0
    while (i < floats) {
      some(i) = (sums(at + i) / total).toFloat
      i += 1
    }
  }

  /** Has pieces fetched in order, a few ahead of the one that is needed. */
  private def fetching(wanted: Seq[(Published, Int)], ahead: Int)(
      body: Iterator[Incoming] => Unit
  ): Unit = {
    val open = new scala.collection.mutable.Queue[(Published, Int, Incoming)]
    val rest = wanted.iterator
    def start(): Unit = if (rest.hasNext) {
      val (from, piece) = rest.next()
      open.enqueue((from, piece, memory.fetch(from.place, from.piece(piece))))
    }
    try {
      (1 to ahead).foreach(_ => start())
      body(Iterator.continually {
        val (from, piece, incoming) = open.dequeue()
        try {
          start()
          while (!incoming.await(pollMillis)) if (stopped()) throw new AbandonedOrder
          incoming.failure.foreach { why =>
            throw new MissingPiece(s"piece $piece of ${from.name} from ${from.place.host}: $why")
          }
        } catch {
          case e: Throwable =>
            incoming.close()
            throw e
        }
        incoming
      })
    } finally open.foreach(_._3.close())
  }
}

private[train] object AllReduce {
  private val floatBytes = FloatMemory.floatBytes.toInt

  // Sums included these stay in the processor's caches.
  private val chunkFloats = 1 << 12

  /** Terms that are added up in one pass over a piece, which has them all in memory. */
  private val atATime = 4

  /** Pieces on their way at a time, at least. */
  private val fewest = atATime + 2
  private val pollMillis = 50L
}
