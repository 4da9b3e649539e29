package sparknet.train

import org.apache.spark.rdd.RDD
import org.apache.spark.storage.{BlockManagerId, RDDBlockId}
import org.apache.spark.{SparkConf, SparkContext, SparkEnv}

import sparknet.jna.{CaffeException, Status}

/** What the driver knows of its executors. Names are those of task locations. */
private[train] final class Executors(sc: SparkContext) {
  import Executors.{askedOf, containerOf, hasContainers, heapOf, name, stopped}

  if (sc.isStopped) stopped()

  private val localCluster = """local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,.*""".r

  private val localThreads = """local\[\s*(\d+|\*)\s*(?:,\s*\d+\s*)?\]""".r

  /** Cores that each task takes. */
  val taskCpus: Int = sc.getConf.getInt("spark.task.cpus", 1)

  // Cores that Spark gives to the tasks of one executor; 0 if it was not told.
  private val taskCores = sc.master match {
    case "local"               => 1
    case localThreads("*")     => Runtime.getRuntime.availableProcessors
    case localThreads(n)       => n.toInt
    case localCluster(_, each) => each.toInt
    case other => sc.getConf.getInt("spark.executor.cores", if (hasContainers(other)) 1 else 0)
  }

  /** Tasks that run in one executor at a time; 0 if its cores are not known. */
  val slots: Int = if (taskCores == 0) 0 else math.max(1, taskCores / taskCpus)

  /** Cores of one executor; 0 if it has all of its machine, as in local mode, or if that is not known.
    */
  val cores: Int = if (sc.isLocal) 0 else taskCores

  /** Bytes of an executor's heap. */
  def heap: Long = heapOf(sc.getConf, "executor")

  /** What each executor has, where there are containers. */
  def container: Option[Container] = containerOf(sc.getConf, "executor")

  /** What the driver has, if it is in a container. */
  def driverContainer: Option[Container] = {
    // In a pod Spark starts the driver as if for client mode.
    val inPod = sc.getConf.getBoolean("spark.kubernetes.submitInDriver", false)
    if (sc.deployMode == "cluster" || inPod) containerOf(sc.getConf, "driver") else None
  }

  /** Tasks that the cluster runs at a time, as far as that is known. */
  def allSlots: Int = {
    val places = live.length
    if (slots > 0) slots * math.max(1, places)
    else math.max(places, sc.defaultParallelism / taskCpus)
  }

  /** Tasks that the cluster runs at a time once the executors that it was asked for have come, for which
    * this waits.
    */
  def awaitedSlots(seconds: Int): Int = {
    await(asked.filterNot(_ => comeWhenNeeded).getOrElse(1) * math.max(1, slots), seconds)
    allSlots
  }

  /** Whether executors come when tasks wait for them. */
  val comeWhenNeeded: Boolean = sc.getConf.getBoolean("spark.dynamicAllocation.enabled", false)

  /** The executors that can take tasks; none in local mode, where the driver does. */
  def live: Seq[String] =
    master.getMemoryStatus.keys.filterNot(_.isDriver).map(name).toSeq.sorted

  /** For each partition of a persisted RDD the executor that holds it. */
  def holding(rdd: RDD[_]): IndexedSeq[Option[String]] =
    rdd.partitions.toIndexedSeq.map { partition =>
      master.getLocations(RDDBlockId(rdd.id, partition.index)).map(name).headOption
    }

  // None: Spark takes all that it is given.
  private def asked: Option[Int] = sc.master match {
    case localCluster(executors, _) => Some(executors.toInt)
    case _                          => askedOf(sc.getConf)
  }

  /** Waits until executors for all workers have registered, so that the data is spread over them;
    * if they do not come in time, training goes on with those there are.
    */
  def await(workers: Int, seconds: Int): Unit =
    if (!sc.isLocal && !comeWhenNeeded) {
      val each = math.max(1, slots)
      val wanted = math.min(asked.getOrElse(Int.MaxValue), (workers + each - 1) / each)
      // How many will come to a cluster that was not asked for a number is a guess.
      val patience = if (asked.isEmpty) math.min(seconds, 10) else seconds
      val deadline = System.nanoTime + patience * 1000000000L
      while (live.length < wanted && System.nanoTime < deadline) Thread.sleep(50)
    }

  /** Runs a function once in each executor (local mode: in this JVM). */
  def onEach(f: () => Unit): Unit = {
    val places = live
    if (places.isEmpty) f()
    else
      sc.makeRDD(places.map(place => (place, Seq(place))))
        .setName("SparkNet: executors")
        .foreach(_ => f())
  }

  private def master = Option(SparkEnv.get).getOrElse(stopped()).blockManager.master
}

private[train] object Executors {
  private val leastOverhead = 384L // MB

  /** Whether JVMs are in containers, of which Spark asks for a number with so much memory each. */
  private def hasContainers(master: String): Boolean = master == "yarn" || master.startsWith("k8s")

  /** Executors that Spark asks for; None: it takes all that it is given. */
  private[train] def askedOf(conf: SparkConf): Option[Int] = {
    val unsaid = if (hasContainers(conf.get("spark.master", ""))) Some("2") else None
    conf.getOption("spark.executor.instances").orElse(unsaid).map(_.toInt)
  }

  private def heapOf(conf: SparkConf, role: String): Long =
    conf.getSizeAsMb(s"spark.$role.memory", "1g") << 20

  /** What Spark asks for.
    *
    * @param role
    *   "executor" or "driver"
    * @return
    *   None: there are no containers
    */
  private[train] def containerOf(conf: SparkConf, role: String): Option[Container] = {
    val master = conf.get("spark.master", "")
    if (!hasContainers(master)) None
    else {
      val heap = heapOf(conf, role)
      // The other one is Kubernetes', where Python programs get more.
      val factors = Seq(s"spark.$role.memoryOverheadFactor") ++
        (if (master == "yarn") None else Some("spark.kubernetes.memoryOverheadFactor"))
      val factor = factors.flatMap(conf.getOption(_)).headOption.fold(0.1)(_.toDouble)
      val share = math.max(leastOverhead, ((heap >> 20) * factor).toLong)
      val overhead = conf.getSizeAsMb(s"spark.$role.memoryOverhead", s"${share}m")
      Some(Container(heap, overhead << 20))
    }
  }

  private def stopped(): Nothing = throw new CaffeException(
    Status.STATE,
    "the Spark session is stopped: make a new one, and its data and trainers"
  )

  /** This JVM's name. */
  def here: String = name(SparkEnv.get.blockManager.blockManagerId)

  /** As Spark writes the location of a task that should run where a block is cached. */
  private def name(id: BlockManagerId): String =
    if (id.isDriver) id.host else s"executor_${id.host}_${id.executorId}"
}
