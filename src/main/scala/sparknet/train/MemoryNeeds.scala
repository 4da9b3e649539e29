package sparknet.train

import sparknet.jna.{CaffeException, Status}

/** What training takes of the memory of Spark's JVMs and their containers.
  *
  * Nets and weights lie outside the heaps. But what is published for others counts as storage memory,
  * of which Spark gives away `storageShare` of a heap, less `reserved`.
  *
  * @param floats
  *   weights of the net
  * @param history
  *   values of its solver's momentum and other history
  * @param blobs
  *   values of its blobs, gradients not counted
  */
private[train] final case class MemoryNeeds(floats: Long, history: Long, blobs: Long) {
  import MemoryNeeds._

  /** Heap of the driver: it publishes its copy of the weights, or momentum that workers take over. */
  def driver: Long = heap(floatBytes * math.max(floats, history))

  /** Heap of an executor.
    *
    * @param tasks
    *   hosts that run there at a time: each publishes its weights and, while those are there, its
    *   part of the mean, which is half of it or less
    */
  def executor(tasks: Int): Long = heap(tasks * floatBytes * (floats + floats / 2))

  /** What an executor's container has to have beside the heap. */
  def overhead(tasks: Int): Long = {
    val net = 2 * (floats + blobs) + history
    val host = 2 * floats // the current weights, and those that it has come to
    containerBase + tasks * floatBytes * (net + host)
  }

  /** Throws if a heap is too small, naming the setting. */
  def checkHeaps(tasks: Int, driverHeap: Long, executorHeap: Option[Long]): Unit = {
    require("spark.driver.memory", driverHeap, driver)
    executorHeap.foreach(require("spark.executor.memory", _, executor(tasks)))
  }

  /** Throws if executors' containers would be ended for what nets need beside the heap.
    *
    * @param given
    *   bytes
    */
  def checkContainer(tasks: Int, given: Long): Unit =
    require("spark.executor.memoryOverhead", given, overhead(tasks))

  private def require(setting: String, given: Long, needed: Long): Unit =
    if (given < needed) {
      val enough = (needed / mega + 100) / 100 * 100
      throw new CaffeException(
        Status.OUT_OF_MEMORY,
        f"$setting is too small: a net of ${floats / 1e6}%.1f million weights takes about " +
          f"${needed / mega}%d MB of it, and there are ${given / mega}%d MB; set it to ${enough}m " +
          "when the application is started"
      )
    }
}

private[train] object MemoryNeeds {
  private val mega = 1L << 20
  private val floatBytes = 4L
  private val reserved = 300 * mega
  private val storageShare = 0.6

  // The JVM's own, and what the network has on its way.
  private val containerBase = 384 * mega

  /** Nets that are small next to any heap need no more than it has. */
  private def heap(published: Long): Long =
    if (published < 16 * mega) 0 else reserved + (published / storageShare).toLong
}
