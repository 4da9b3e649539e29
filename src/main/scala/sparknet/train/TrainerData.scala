package sparknet.train

import org.apache.spark.SparkContext

import sparknet.data.{Augmentation, Dataset, Preprocessing}
import sparknet.jna.WeightsLayout

/** What a trainer trains and tests on, and the hosts that are made for it.
  *
  * @param trainer
  *   its id
  * @param seed
  *   of all that is random: that of the checkpoint from which training goes on, if it does
  */
private[train] final class TrainerData(
    sc: SparkContext,
    trainer: Long,
    model: Model,
    master: MasterNet,
    workers: Int,
    executors: Executors,
    jobs: Jobs,
    options: TrainerOptions,
    var seed: Long
) {
  private val layout: WeightsLayout = master.layout
  private val needs =
    MemoryNeeds(layout.count.toLong, master.historyCount.toLong, master.blobCount)
  private val windowBytes = options.windowMb.toLong << 20

  var train = Option.empty[WorkerData]
  var test = Option.empty[WorkerData]

  /** Data for the workers; throws if they do not suit the net, or memory is too small for it. Looking
    * at data takes slots: no host may hold them.
    *
    * @param trained
    *   whether they are trained on: then a net that takes no weights must not get any
    */
  def accepted(
      data: Dataset,
      preprocessing: Preprocessing,
      augmentation: Augmentation,
      input: NetInput,
      trained: Boolean
  ): WorkerData = {
    executors.await(workers, options.waitSeconds)
    checkMemory()
    val next = new WorkerData(data, preprocessing, augmentation, workers, executors)
    jobs.run("checking data")(next.check(input, master.classes, trained))
    next
  }

  /** What runs in a slot: a host that can read all workers' items, and is near those of a worker.
    *
    * @return
    *   with it, for each worker where its items should be read, if that matters
    */
  def newHost(office: String, slot: Int): (HostRDD, IndexedSeq[Option[String]]) = {
    // Without a place of its own a host would be where Spark finds the first of its data: all of them.
    val homes =
      train.orElse(test).fold(IndexedSeq.fill(workers)(Option.empty[String]))(_.homes())
    val tasks = math.max(1, executors.slots)
    val held = executors.container.fold(Int.MaxValue)(needs.held(tasks, _))
    val plan = HostPlan(
      trainer,
      OpenTrainers.ids,
      model,
      layout,
      seed,
      Room(executors.slots, executors.cores, executors.taskCpus, sharing, options.threads, held),
      options.wirePrecision == "bf16",
      train.map(_.supply(windowBytes)),
      test.map(_.supply(windowBytes))
    )
    val items = train.map(_.forHosts())
    (new HostRDD(sc, plan, items, test.map(_.forHosts()), office, slot, homes(slot)), homes)
  }

  /** Frees what was added to the data sets themselves. */
  def release(): Unit = (train ++ test).foreach(_.release())

  /** Workers that have their place in one executor. */
  private def sharing: Int = {
    val places = math.max(1, executors.live.length)
    (workers + places - 1) / places
  }

  /** Throws before training runs out of memory. */
  private def checkMemory(): Unit = {
    // Executors that are still to come get no more workers than they run tasks.
    val toCome = executors.comeWhenNeeded || executors.live.isEmpty
    val there = if (toCome) math.min(sharing, math.max(1, executors.slots)) else sharing
    val tasks = if (executors.slots > 0) math.min(executors.slots, there) else there
    val heap = if (sc.isLocal) None else Some(executors.heap)
    needs.checkHeaps(tasks, there, Runtime.getRuntime.maxMemory, heap)
    needs.checkContainers(tasks, there, executors.driverContainer, executors.container)
  }
}
