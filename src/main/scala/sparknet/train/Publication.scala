package sparknet.train

import java.io.IOException
import java.util.concurrent.atomic.AtomicLong

import sparknet.jna.{HalfMemory, SharedNumbers}

/** A flat buffer of which this JVM serves pieces to others.
  *
  * @param offset
  *   of the first float of `values` in the whole vector
  * @param copied
  *   whether it is read from disk, so that `values` may change once pieces are shown
  */
private[train] final class Publication(
    memory: Memory,
    name: String,
    layout: Pieces,
    values: SharedNumbers,
    offset: Int = 0,
    copied: Boolean = false
) {

  /** The buffer, if it has what is published. */
  val held: Option[SharedNumbers] = if (copied) None else Some(values)

  val vector: Published = {
    val own = if (copied) "" else values.name
    val near = Near(own, Publication.contents.incrementAndGet(), offset)
    Published(memory.here, name, layout, near, halves = values.width == HalfMemory.width)
  }
  held.foreach(_.show(vector.near.content))
  private var shown = Set.empty[Int]

  /** Publishes pieces, whose values must not change until [[withdraw]]. Throws an IOException if there is
    * no room for them, or Spark takes the disk away with the executor.
    */
  def show(pieces: Seq[Int]): Unit =
    for (piece <- pieces if !shown(piece)) {
      val bytes = values.bytes(layout.start(piece) - offset, layout.length(piece))
      try memory.publish(vector.piece(piece), bytes, copied)
      catch {
        case e: IOException =>
          val whose = if (vector.place.executor == "driver") "driver" else "executor"
          throw new IOException(
            "neither Spark's storage memory nor the disk of spark.local.dir has room for weights on " +
              s"their way: set spark.$whose.memory higher when the application is started " +
              s"(${e.getMessage})",
            e
          )
      }
      shown += piece
    }

  /** Takes all back, once nobody fetches them; who reads them in this machine's memory finds out. */
  def withdraw(): Unit = {
    held.foreach(_.show(0))
    shown.foreach(piece => memory.withdraw(vector.piece(piece)))
    shown = Set.empty
  }
}

private object Publication {

  /** Numbers of what this JVM has ever shown. */
  private val contents = new AtomicLong
}
