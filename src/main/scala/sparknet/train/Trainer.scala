package sparknet.train

import java.util.{LinkedHashMap, Map => JavaMap}

import scala.util.Random

import caffe.Caffe.SolverParameter
import org.apache.spark.SparkContext
import org.apache.spark.api.java.JavaSparkContext

import sparknet.data.{Augmentation, BadRecords, Dataset, Identity, Preprocessing}
import sparknet.io.{BulkTransfer, Places}
import sparknet.jna.{CaffeException, FloatMemory, Status, WeightsLayout}

/** Trains a net on Spark: workers train on their partitions for some iterations, then their weights
  * are averaged (arXiv 1511.06051).
  *
  * A round is `broadcast()`, `train(tau)`, `average()`; [[fit]] runs many. The trainer owns weights
  * and iteration counter; momentum stays with the workers. Calls come one at a time, but `close()`
  * may be called while another one runs.
  */
final class Trainer private[train] (
    sc: SparkContext,
    model: Model,
    val workers: Int,
    seed: Long,
    snapshots: SnapshotPlan,
    options: TrainerOptions
) extends AutoCloseable {
  import Trainer._

  def this(sc: SparkContext, solver: SolverParameter, workers: Int, options: TrainerOptions) =
    this(
      sc,
      new NativeModel(solver),
      workers,
      Trainer.seed(options, solver),
      SnapshotPlan.of(solver),
      options
    )

  def this(sc: SparkContext, solver: SolverParameter, workers: Int) =
    this(sc, solver, workers, TrainerOptions())

  if (workers < 1) invalid(s"the number of workers must be at least 1, not $workers")

  private val places = new Places(sc.hadoopConfiguration)
  snapshots.check(places)

  private val executors = new Executors(sc)
  private val jobs = new Jobs(sc)
  private val master = model.newMaster(seed)
  private val id = OpenTrainers.add(this)

  /** Names, shapes and offsets of the parameters in the flat array of weights. */
  val layout: WeightsLayout = master.layout

  private var momentumLost = Set.empty[Int] // as it was told last
  private var toldThreads = false
  private var trainData = Option.empty[WorkerData]
  private var testData = Option.empty[WorkerData]
  @volatile private var closed = false

  private val crew = new Crew(
    sc,
    id,
    workers,
    executors,
    jobs,
    options,
    layout.count,
    master.historyCount,
    say
  )(newHost)
  crew.lead(_.adopt(Progress(0, 0, Vector.fill(workers)(0L)))(master.readWeights))

  def setTrainData(data: Dataset): Unit = setTrainData(data, new Identity)

  def setTrainData(data: Dataset, preprocessing: Preprocessing): Unit =
    setTrainData(data, preprocessing, Augmentation.none)

  /** Sets what is trained on. Each worker gets whole partitions if that gives all about as much;
    * otherwise the items are dealt out anew.
    */
  def setTrainData(
      data: Dataset,
      preprocessing: Preprocessing,
      augmentation: Augmentation
  ): Unit = use {
    val next = accepted(data, preprocessing, augmentation, master.trainInput)
    crew.lead(_.drop())
    trainData.foreach(_.release())
    trainData = Some(next)
  }

  def setTestData(data: Dataset): Unit = setTestData(data, new Identity)

  def setTestData(data: Dataset, preprocessing: Preprocessing): Unit =
    setTestData(data, preprocessing, Augmentation.none)

  def setTestData(
      data: Dataset,
      preprocessing: Preprocessing,
      augmentation: Augmentation
  ): Unit = use {
    val next = accepted(data, preprocessing, augmentation, testInput)
    testData.foreach(_.release())
    testData = Some(next)
  }

  /** Sends the weights to the workers: what the next round starts from. They get them by themselves
    * where that is not asked for.
    */
  def broadcast(): Unit = use {
    refusePending()
    if (trainData.nonEmpty) crew.lead(_.send())
  }

  /** The same with other weights; a round that is not averaged yet is dropped. */
  def broadcast(weights: Array[Float]): Unit = use {
    setWeights(weights)
    broadcast()
  }

  /** Lets each worker train `tau` iterations on its partition, from the current weights. */
  def train(tau: Int): RoundResult = {
    if (tau < 1) invalid(s"tau must be at least 1, not $tau")
    train(Duration(tau, Double.PositiveInfinity))
  }

  /** Lets each worker train for so many seconds, in which it takes as many iterations as it can, at
    * least one. One that takes much longer has no part in the round. The counter advances by the
    * mean of the workers' iterations.
    */
  def trainFor(seconds: Double): RoundResult = {
    if (!(seconds > 0) || seconds.isInfinite)
      invalid(s"the seconds to train must be a positive number, not $seconds")
    train(Duration(Int.MaxValue, seconds))
  }

  private def train(duration: Duration): RoundResult = use {
    refusePending()
    if (trainData.isEmpty) state("there is no training data: call setTrainData first")
    crew.lead { coordinator =>
      val begin = System.nanoTime
      val round = coordinator.train(duration)
      val before = coordinator.current // it may have gone back to the driver's copy
      val results = round.results
      val leftOut = told(s"round ${before.rounds + 1}", results.map(_.leftOut))
      tellThreads(results)
      val images = results.map(_.images).sum
      RoundResult(
        before.rounds + 1,
        before.after(results.filter(_.images > 0)).iteration,
        (results.map(_.lossSum).sum / images).toFloat,
        images,
        (System.nanoTime - begin) / 1e9,
        results.count(_.images > 0),
        results.count(_.fresh),
        results.map(_.executor).toArray,
        leftOut,
        round.lost.toArray
      )
    }
  }

  /** Makes the mean of the workers' weights, weighted by their images, the current weights, and
    * advances the counter. Workers whose executors were lost meanwhile have no part in it.
    */
  def average(): Unit = use {
    crew.lead { coordinator =>
      if (!coordinator.isPending) state("there is nothing to average: call train first")
      coordinator.average()
    }
    ()
  }

  /** Means of the test net's outputs over all test items, with the current weights. */
  def test(): JavaMap[String, java.lang.Float] = use {
    testInput
    if (testData.isEmpty) state("there is no test data: call setTestData first")
    refusePending()
    val shares = crew.lead(_.test())
    told("test", shares.map(_.leftOut))
    val items = shares.map(_.items).sum
    val scores = new LinkedHashMap[String, java.lang.Float]
    for {
      names <- shares.find(_.items > 0).map(_.outputs)
      (name, output) <- names.zipWithIndex
    } {
      val sum = shares.filter(_.items > 0).map(_.sums(output)).sum
      scores.put(name, (sum / items).toFloat)
    }
    scores
  }

  /** A copy of the current weights, in the order of the layout. */
  def weights: Array[Float] = use(crew.lead(_.weights().toArray))

  /** Writes the current weights to a file that Python reads and deletes; returns its path. */
  def writeWeights(): String = use(crew.lead(c => BulkTransfer.write(c.weights().floats)))

  /** Sets the weights; a round that is not averaged yet is dropped. */
  def setWeights(weights: Array[Float]): Unit = use {
    if (weights.length != layout.count)
      throw new CaffeException(
        Status.SHAPE,
        s"${weights.length} weights were given, and the net has ${layout.count}"
      )
    crew.lead(c => c.adopt(c.current)(_.floats.put(weights)))
  }

  /** Number of iterations behind the current weights, on which learning rates depend. */
  def iteration: Int = use(crew.lead(_.current.iteration))

  /** Writes `<prefix>_iter_<t>.caffemodel` and `.solverstate` as Caffe does: current weights, the
    * workers' mean momentum and the counter.
    *
    * @param prefix
    *   a path, or a URI of any Hadoop file system, where both files appear or none; null: the solver's
    *   `snapshot_prefix`
    * @return
    *   the places of both
    */
  def snapshot(prefix: String): Array[String] = use {
    refusePending()
    val place = Option(prefix).getOrElse(snapshots.prefix)
    if (place.isEmpty) invalid("a snapshot needs a prefix, and the solver has no snapshot_prefix")
    crew.lead { coordinator =>
      val momentum = coordinator.takenOver.orElse(meanMomentum(coordinator))
      val weights = coordinator.weights()
      places.writing(place)(master.snapshot(_, weights, momentum, coordinator.current.iteration))
    }
  }

  /** Throws unless snapshots can be written under `prefix`: tries it with a file that it removes. */
  def checkSnapshots(prefix: String): Unit = use(places.probe(prefix))

  /** Goes on from a solverstate, a path or a URI: weights, counter, and momentum for every worker.
    *
    * @return
    *   one line that says what was taken
    */
  def restore(solverstate: String): String = use {
    val history = new FloatMemory(master.historyCount)
    val read = new FloatMemory(layout.count)
    try {
      val found = places.reading(solverstate, SnapshotPlan.modelBeside(_).toSeq) { path =>
        val restored = master.restore(path, read, history)
        restored.copy(report = Places.named(restored.report, path, solverstate))
      }
      val positions = found.iteration * itemsPerIteration
      crew.lead { c =>
        c.adopt(
          Progress(c.current.rounds, found.iteration, Vector.fill(workers)(positions)),
          (0 until workers).map(_ -> history).toMap
        )(_.floats.put(read.floats))
      }
      found.report
    } finally read.close()
  }

  private def itemsPerIteration: Long =
    master.trainInput.batch.toLong * master.minibatchesPerIteration

  /** Takes over the weights of a caffemodel, a path or a URI, for layers of the same name, of which
    * there must be one.
    *
    * @return
    *   one line that says what was taken, and which layers only the file or only the net has
    */
  def loadWeights(caffemodel: String): String = use {
    crew.lead { c =>
      var report = ""
      c.adopt(c.current) { weights =>
        report = places.reading(caffemodel) { path =>
          Places.named(master.load(path, weights), path, caffemodel)
        }
      }
      report
    }
  }

  /** Writes the current weights as a caffemodel, to a path or a URI. */
  def saveWeights(caffemodel: String): Unit = use {
    crew.lead { c =>
      places.writing(caffemodel) { path =>
        master.save(path, c.weights())
        Array(path)
      }
    }
    ()
  }

  /** Runs `rounds` rounds, a test before the first, every `testEvery` rounds and after the last (0:
    * never), and the solver's periodic snapshots.
    *
    * @return
    *   scores of the last test; empty if there was none
    */
  def fit(
      rounds: Int,
      tau: Int,
      testEvery: Int,
      listener: TrainListener
  ): JavaMap[String, java.lang.Float] = {
    snapshots.check(places)
    var scores: JavaMap[String, java.lang.Float] = new LinkedHashMap
    for (round <- 0 to rounds) {
      if (testEvery > 0 && (round % testEvery == 0 || round == rounds)) {
        scores = test()
        listener.onTest(iteration, scores)
      }
      if (round < rounds) {
        broadcast()
        val result = train(tau)
        average()
        listener.onRound(result)
        if (snapshots.due(result.iteration - tau, result.iteration))
          listener.onSnapshot(snapshot(snapshots.prefix))
      }
    }
    scores
  }

  /** Ends what this trainer is doing, from another thread; it stays usable. Jobs of others on the same
    * SparkContext go on.
    */
  def cancel(): Unit = {
    crew.cancel()
    jobs.cancel()
  }

  /** Stops what runs, and frees the nets and data that the trainer holds in the executors. */
  override def close(): Unit = {
    val first = OpenTrainers.remove(id)
    closed = true
    crew.cancel()
    jobs.cancel()
    if (first) synchronized {
      crew.close()
      if (!sc.isStopped) {
        val own = id
        jobs.quietly(executors.onEach(() => WorkerNets.close(own)))
        (trainData ++ testData).foreach(_.release())
      } else WorkerNets.close(id)
      master.close()
    }
  }

  /** What runs in a slot: a host that can read all workers' items. */
  private def newHost(office: String, slot: Int): HostRDD = {
    val train = trainData.map(data => (data, data.homes()))
    val homes = train.fold(IndexedSeq.fill(workers)(Option.empty[String]))(_._2)
    val plan = HostPlan(
      id,
      OpenTrainers.ids,
      model,
      layout,
      seed,
      Room(executors.slots, executors.cores, executors.taskCpus, sharing, options.threads),
      trainData.map(_.supply(windowBytes)),
      testData.map(_.supply(windowBytes))
    )
    new HostRDD(
      sc,
      plan,
      trainData.map(_.forHosts()),
      testData.map(_.forHosts()),
      office,
      slot,
      homes(slot)
    )
  }

  /** Workers that have their place in one executor. */
  private def sharing: Int = {
    val places = math.max(1, executors.live.length)
    (workers + places - 1) / places
  }

  /** Throws before training runs out of memory. */
  private def checkMemory(): Unit = {
    val needs = MemoryNeeds(layout.count.toLong, master.historyCount.toLong, master.blobCount)
    // Of executors that are still to come, and whose cores are not known, each has one worker.
    val tasks =
      if (executors.slots > 0) math.min(executors.slots, sharing)
      else if (executors.live.isEmpty) 1
      else sharing
    val heap = if (sc.isLocal) None else Some(executors.heap)
    needs.checkHeaps(tasks, Runtime.getRuntime.maxMemory, heap)
    executors.overhead.foreach(needs.checkContainer(tasks, _))
  }

  private def windowBytes: Long = options.windowMb.toLong << 20

  private def accepted(
      data: Dataset,
      preprocessing: Preprocessing,
      augmentation: Augmentation,
      input: NetInput
  ): WorkerData = {
    crew.lead(
      _.dismiss()
    ) // hosts know the data that they began with, and looking at data takes slots
    executors.await(workers, options.waitSeconds)
    checkMemory()
    val next = new WorkerData(data, preprocessing, augmentation, workers, executors)
    jobs.run("SparkNet: check data")(next.check(input, master.classes))
    next
  }

  private def testInput: NetInput = master.testInput.getOrElse(
    state("the solver has no test net: give it a test_iter and a net with TEST layers")
  )

  /** The mean of the workers' momentum as it is now. What replaced workers have is too little, so it
    * counts only where there is nothing else.
    */
  private def meanMomentum(coordinator: Coordinator): Option[FloatMemory] =
    if (trainData.isEmpty || coordinator.current.rounds == 0) None
    else {
      val all = (0 until workers).filter(coordinator.lastImages(_) > 0).toSet
      val last = coordinator.current.rounds - 1
      coordinator.meanMomentum { there =>
        val recent = there.filter(_.round == last)
        val whole = recent.filter(_.whole)
        val lost = all -- whole.map(_.worker)
        val used = if (lost == all) recent else whole
        if (lost.nonEmpty) tellMomentum(lost, used.map(_.worker).toSet)
        used
      }
    }

  private def tellMomentum(lost: Set[Int], used: Set[Int]): Unit = if (lost != momentumLost) {
    momentumLost = lost
    val instead =
      if (used.isEmpty) "the snapshot's is zero"
      else if (used.subsetOf(lost)) "the snapshot has what they have gathered since"
      else s"the snapshot has the mean of the other ${used.size}"
    say(
      s"the momentum of worker${if (lost.size == 1) "" else "s"} ${lost.toSeq.sorted.mkString(", ")}" +
        s" was lost with its executor: $instead"
    )
  }

  private def tellThreads(shares: Seq[WorkerResult]): Unit = if (!toldThreads && shares.nonEmpty) {
    toldThreads = true
    val threads = shares.map(_.threads).distinct.sorted.mkString(" or ")
    val executors = shares.map(_.executor).distinct.size
    say(s"workers: $workers, executors that train: $executors, threads of each net: $threads")
  }

  private def refusePending(): Unit =
    if (crew.lead(_.isPending)) state("the last round is not averaged yet: call average() first")

  private def use[T](body: => T): T = synchronized {
    if (closed) state("the trainer is closed")
    try body
    catch {
      case _: Throwable if closed => state("the trainer was closed while it was working")
    }
  }
}

object Trainer {

  /** For Python, whose `fit` has the times of snapshots as arguments: those of the solver do not count.
    *
    * @param solver
    *   a serialised SolverParameter
    * @param options
    *   as [[TrainerOptions.from]] takes them
    */
  def create(
      sc: JavaSparkContext,
      solver: Array[Byte],
      workers: Int,
      options: JavaMap[String, Object]
  ): Trainer = {
    val own = SolverParameter.newBuilder.mergeFrom(solver).clearSnapshot().build
    new Trainer(sc.sc, own, workers, TrainerOptions.from(options))
  }

  private def seed(options: TrainerOptions, solver: SolverParameter): Long =
    if (options.seed >= 0) options.seed
    else if (solver.getRandomSeed >= 0) solver.getRandomSeed
    else new Random().nextInt(Int.MaxValue).toLong

  /** The sum of what workers could not use, said on stderr if there is any. */
  private def told(when: String, leftOut: Seq[BadRecords]): BadRecords = {
    val all = BadRecords.all(leftOut)
    if (!all.isEmpty) say(s"$when: $all")
    all
  }

  private def say(text: String): Unit = System.err.println(s"SparkNet: $text")

  private def state(message: String): Nothing = throw new CaffeException(Status.STATE, message)

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
