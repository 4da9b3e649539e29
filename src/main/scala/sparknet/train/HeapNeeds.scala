package sparknet.train

import sparknet.jna.{CaffeException, Status}

/** What a round takes of the heaps of Spark's JVMs, from the number of weights. Nets themselves lie
  * outside.
  *
  * Counted are whole arrays of weights that are there at a time, and beside them what any Spark JVM
  * needs. The counts follow where arrays live (below) and were tried: with 61 million weights, 233 MB
  * an array, the driver hangs at 2,250 MB and goes through at 2,600; executors die at 1,280 MB and go
  * on at 1,536, with two tasks in each at 1,900 and 2,304.
  *
  * @param floats
  *   weights of the net
  */
private[train] final case class HeapNeeds(floats: Long) {
  import HeapNeeds._

  /** @param vectors
    *   that come in from the executors at a time, each serialised and as an array
    */
  def driver(vectors: Int): Long = {
    val kept = 5 // current weights, their broadcast, two means in the making, one on its way out
    base + (kept + 2L * vectors) * 4 * floats
  }

  /** @param tasks
    *   workers that train there at a time: each has weights read from its net, its part of the round
    *   in Spark's cache, and that serialised
    */
  def executor(tasks: Int): Long = {
    val kept = 2 // the broadcast, as pieces and as an array
    base + (kept + 3L * tasks) * 4 * floats
  }

  /** Throws if a heap is too small, naming the setting. In local mode the driver is all there is.
    *
    * @param driverHeap
    *   bytes
    * @param executorHeap
    *   bytes; None: local mode
    */
  def check(vectors: Int, tasks: Int, driverHeap: Long, executorHeap: Option[Long]): Unit = {
    val local = if (executorHeap.isEmpty) executor(tasks) - base else 0
    require("spark.driver.memory", driverHeap, driver(vectors) + local)
    executorHeap.foreach(require("spark.executor.memory", _, executor(tasks)))
  }

  private def require(setting: String, given: Long, needed: Long): Unit =
    if (given < needed) {
      val enough = (needed / mega + 100) / 100 * 100
      throw new CaffeException(
        Status.OUT_OF_MEMORY,
        f"$setting is too small: averaging ${floats / 1e6}%.1f million weights takes about " +
          f"${needed / mega}%d MB of heap, and there are ${given / mega}%d MB; set it to ${enough}m " +
          "when the application is started"
      )
    }
}

private[train] object HeapNeeds {
  private val mega = 1L << 20
  private val base = 300 * mega
}
