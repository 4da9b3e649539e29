package sparknet.train

import sparknet.jna.{CaffeException, SharedNumbers, Status}

/** A flat buffer of which this JVM serves pieces to others.
  *
  * @param offset
  *   of the first float of `values` in the whole vector
  */
private[train] final class Publication(
    memory: Memory,
    val vector: Published,
    val values: SharedNumbers,
    offset: Int = 0
) {
  private var shown = Set.empty[Int]

  /** Publishes pieces, whose values must not change until [[withdraw]]. */
  def show(pieces: Seq[Int]): Unit =
    for (piece <- pieces if !shown(piece)) {
      val layout = vector.pieces
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

  /** Takes all back, once nobody reads them. */
  def withdraw(): Unit = {
    shown.foreach(piece => memory.withdraw(vector.piece(piece)))
    shown = Set.empty
  }
}
