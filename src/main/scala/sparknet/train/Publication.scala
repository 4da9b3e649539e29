package sparknet.train

import java.util.concurrent.atomic.AtomicLong

import sparknet.jna.{CaffeException, HalfMemory, SharedNumbers, Status}

/** A flat buffer of which this JVM serves pieces to others.
  *
  * @param offset
  *   of the first float of `values` in the whole vector
  */
private[train] final class Publication(
    memory: Memory,
    name: String,
    layout: Pieces,
    val values: SharedNumbers,
    offset: Int = 0
) {
  val vector: Published = {
    val near = Near(values.name, Publication.contents.incrementAndGet(), offset)
    Published(memory.here, name, layout, near, halves = values.width == HalfMemory.width)
  }
  values.show(vector.near.content)
  private var shown = Set.empty[Int]

  /** Publishes pieces, whose values must not change until [[withdraw]]. */
  def show(pieces: Seq[Int]): Unit =
    for (piece <- pieces if !shown(piece)) {
      val bytes = values.bytes(layout.start(piece) - offset, layout.length(piece))
      if (!memory.publish(vector.piece(piece), bytes))
        throw new CaffeException(
          Status.OUT_OF_MEMORY,
          s"Spark's storage memory has no room for weights on their way: set " +
            s"spark.${if (vector.place.executor == "driver") "driver" else "executor"}.memory " +
            "higher when the application is started"
        )
      shown += piece
    }

  /** Takes all back, once nobody fetches them; who reads them in this machine's memory finds out. */
  def withdraw(): Unit = {
    values.show(0)
    shown.foreach(piece => memory.withdraw(vector.piece(piece)))
    shown = Set.empty
  }
}

private object Publication {

  /** Numbers of what this JVM has ever shown. */
  private val contents = new AtomicLong
}
