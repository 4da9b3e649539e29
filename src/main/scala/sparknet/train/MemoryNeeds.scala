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

  private val vector = math.max(floats, history)

  /** Heap of the driver: it publishes its copy of the weights, or momentum that workers take over. */
  def driver: Long = heap(floatBytes * vector)

  /** What the driver's container has to have beside a heap of so many bytes. */
  def driverOverhead(heap: Long): Long = {
    val net = floats + history // it never computes
    val copies = 2 * floats + vector // of the weights, and what is on its way to or from a file
    beside(heap) + floatBytes * (net + copies)
  }

  /** Heap of an executor.
    *
    * @param tasks
    *   hosts that run there at a time: each publishes, while all of that is there, its part of a mean,
    *   which is half of it or less
    * @param workers
    *   that have their turns there: what each has come to is published
    */
  def executor(tasks: Int, workers: Int): Long =
    heap(floatBytes * (workers * vector + tasks * (vector / 2)))

  /** The same for an executor's container; other arguments as above. */
  def overhead(tasks: Int, workers: Int, heap: Long): Long = {
    val net = {
      val own = 2 * (floats + blobs) + history
      own + own / 8 // for weights in other formats, and what computing takes: CaffeNet's is less
    }
    val host =
      floats + history + history / 2 // its weights; of momentum a copy and a part of the mean
    val worker = floats // what it has come to
    val aside = history // while it is another's turn
    beside(heap) +
      floatBytes * (tasks * (net + host) + workers * worker + (workers - tasks) * aside)
  }

  /** Workers for whose vectors and momentum an executor's container has memory, where so many tasks run
    * at a time.
    */
  def held(tasks: Int, container: Container): Int = {
    val each = math.max(1, floatBytes * (floats + history))
    val rest = container.overhead - overhead(tasks, tasks, container.heap)
    math.min(Int.MaxValue - tasks, math.max(0L, rest / each)).toInt + tasks
  }

  /** Throws if a heap is too small, naming the setting. */
  def checkHeaps(tasks: Int, workers: Int, driverHeap: Long, executorHeap: Option[Long]): Unit = {
    require("spark.driver.memory", driverHeap, driver)
    executorHeap.foreach(require("spark.executor.memory", _, executor(tasks, workers)))
  }

  /** Throws if containers would be ended for what nets need beside the heap.
    *
    * @param driver
    *   its container, if it is in one; `executor` likewise
    */
  def checkContainers(
      tasks: Int,
      workers: Int,
      driver: Option[Container],
      executor: Option[Container]
  ): Unit = {
    for (own <- driver)
      require("spark.driver.memoryOverhead", own.overhead, driverOverhead(own.heap))
    for (own <- executor)
      require("spark.executor.memoryOverhead", own.overhead, overhead(tasks, workers, own.heap))
  }

  /** What a JVM takes beside its heap for itself, and for what the network has on its way. */
  private def beside(heap: Long): Long =
    jvm + heap / heapTables + math.min(floatBytes * vector, underWay)

  private def require(setting: String, present: Long, needed: Long): Unit =
    if (present < needed) {
      val enough = (needed / mega + 100) / 100 * 100
      throw new CaffeException(
        Status.OUT_OF_MEMORY,
        f"$setting is too small: a net of ${floats / 1e6}%.1f million weights takes about " +
          f"${needed / mega}%d MB of it, and there are ${present / mega}%d MB; set it to ${enough}m " +
          "when the application is started"
      )
    }
}

/** What a JVM has where memory is limited, in bytes.
  *
  * @param overhead
  *   beside the heap
  */
private[train] final case class Container(heap: Long, overhead: Long)

private[train] object MemoryNeeds {
  private val mega = 1L << 20
  private val floatBytes = 4L
  private val reserved = 300 * mega
  private val storageShare = 0.6

  // Executors that trained a small net had up to 220 MB and a thirtieth of their heap.
  private val jvm = 240 * mega
  private val heapTables = 30

  /** Pieces that Netty keeps memory for: those that are fetched at a time. */
  private val underWay = 96 * mega

  /** Nets that are small next to any heap need no more than it has. */
  private def heap(published: Long): Long =
    if (published < 16 * mega) 0 else reserved + (published / storageShare).toLong
}
