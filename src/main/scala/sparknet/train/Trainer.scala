package sparknet.train

import java.util.{LinkedHashMap, Map => JavaMap}

import scala.util.Random

import caffe.Caffe.SolverParameter
import org.apache.spark.SparkContext
import org.apache.spark.api.java.JavaSparkContext
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.rdd.RDD
import org.apache.spark.storage.StorageLevel

import sparknet.data.{Augmentation, BadRecords, Dataset, Identity, Preprocessing}
import sparknet.io.Places
import sparknet.jna.{CaffeException, Status, WeightsLayout}

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

  private var current = master.readWeights()
  private var counter = 0
  private var rounds = 0
  // Momentum that workers take over at the start of the next round, after a restore.
  private var history = Option.empty[Array[Float]]
  private var lastImages = Array.fill(workers)(0L)
  private var momentumLost = Set.empty[Int] // as it was told last
  private var toldThreads = false

  private var trainData = Option.empty[WorkerData]
  private var testData = Option.empty[WorkerData]
  private var sent = Option.empty[Broadcast[Start]] // if it holds the current weights
  private var lastSent = Option.empty[Broadcast[Start]]
  private var pending = Option.empty[Pending]
  @volatile private var closed = false

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
    discardRound()
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

  /** Sends weights and counter to the workers: what the next round starts from. */
  def broadcast(): Unit = use {
    if (pending.nonEmpty) state("the last round is not averaged yet: call average() first")
    send()
  }

  /** The same with other weights; a round that is not averaged yet is dropped. */
  def broadcast(weights: Array[Float]): Unit = use {
    setWeights(weights)
    send()
  }

  /** Lets each worker train `tau` iterations on its partition, from the weights that were sent. */
  def train(tau: Int): RoundResult = use {
    if (tau < 1) invalid(s"tau must be at least 1, not $tau")
    if (pending.nonEmpty) state("the last round is not averaged yet: call average() first")
    val data = trainData.getOrElse(state("there is no training data: call setTrainData first"))
    val begin = System.nanoTime
    val task = new TrainTask(crew, sent.getOrElse(send()), tau, data.supply(windowBytes))
    val shares = data.onEach(task.apply).persist(StorageLevel.MEMORY_AND_DISK)
    try {
      val found = jobs.run(s"SparkNet: train $tau iterations from $counter") {
        shares.map(_.withoutWeights).collect()
      }
      refuse(found.flatMap(_.failure))
      val leftOut = told(s"round ${rounds + 1}", found.map(_.leftOut))
      val images = found.map(_.images)
      tellThreads(found)
      pending = Some(Pending(shares, tau, images))
      RoundResult(
        rounds + 1,
        counter + tau,
        (found.map(_.lossSum).sum / images.sum).toFloat,
        images.sum,
        (System.nanoTime - begin) / 1e9,
        images.count(_ > 0),
        found.count(_.fresh),
        found.map(_.executor),
        leftOut
      )
    } finally if (pending.isEmpty) shares.unpersist(blocking = false)
  }

  /** Makes the mean of the workers' weights, weighted by their images, the current weights, and
    * advances the counter.
    */
  def average(): Array[Float] = use {
    val round = pending.getOrElse(state("there is nothing to average: call train first"))
    val mean =
      jobs.run("SparkNet: average weights")(TreeAverage(round.shares.map(_.mean), layout.count))
    // What a lost executor held is done again elsewhere, where it may fail.
    current = mean.ofAll(round.images).fold(unfinished, identity)
    counter += round.tau
    rounds += 1
    lastImages = round.images
    history = None
    discardRound()
    sent = None
    weights
  }

  /** Means of the test net's outputs over all test items, with the current weights. */
  def test(): JavaMap[String, java.lang.Float] = use {
    testInput
    val data = testData.getOrElse(state("there is no test data: call setTestData first"))
    if (pending.nonEmpty) state("the last round is not averaged yet: call average() first")
    val task = new TestTask(crew, sent.getOrElse(send()), data.supply(windowBytes))
    val shares = jobs.run("SparkNet: test")(data.onEach(task.apply).collect())
    refuse(shares.flatMap(_.failure))
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

  /** Drops a round that some worker's weights are missing from. */
  private def unfinished(failure: Option[Failure]): Nothing = {
    discardRound()
    refuse(failure.toSeq)
    throw new CaffeException(Status.INTERNAL, "the round lacks a worker that took part in it")
  }

  /** A copy of the current weights, in the order of the layout. */
  def weights: Array[Float] = use(current.clone())

  /** Sets the weights; a round that is not averaged yet is dropped. */
  def setWeights(weights: Array[Float]): Unit = use {
    if (weights.length != layout.count)
      throw new CaffeException(
        Status.SHAPE,
        s"${weights.length} weights were given, and the net has ${layout.count}"
      )
    adopt(weights.clone())
  }

  /** Number of iterations behind the current weights, on which learning rates depend. */
  def iteration: Int = use(counter)

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
    if (pending.nonEmpty) state("the last round is not averaged yet: call average() first")
    val place = Option(prefix).getOrElse(snapshots.prefix)
    if (place.isEmpty) invalid("a snapshot needs a prefix, and the solver has no snapshot_prefix")
    val momentum = history.orElse(meanHistory())
    places.writing(place)(master.snapshot(_, current, momentum, counter))
  }

  /** Throws unless snapshots can be written under `prefix`: tries it with a file that it removes. */
  def checkSnapshots(prefix: String): Unit = use(places.probe(prefix))

  /** Goes on from a solverstate, a path or a URI: weights, counter, and momentum for every worker.
    *
    * @return
    *   one line that says what was taken
    */
  def restore(solverstate: String): String = use {
    val found = places.reading(solverstate, SnapshotPlan.modelBeside(_).toSeq) { path =>
      val read = master.restore(path)
      read.copy(report = Places.named(read.report, path, solverstate))
    }
    adopt(found.weights)
    counter = found.iteration
    history = Some(found.history)
    found.report
  }

  /** Takes over the weights of a caffemodel, a path or a URI, for layers of the same name, of which
    * there must be one.
    *
    * @return
    *   one line that says what was taken, and which layers only the file or only the net has
    */
  def loadWeights(caffemodel: String): String = use {
    val loaded = places.reading(caffemodel) { path =>
      val read = master.load(path, current)
      read.copy(report = Places.named(read.report, path, caffemodel))
    }
    adopt(loaded.weights)
    loaded.report
  }

  /** Writes the current weights as a caffemodel, to a path or a URI. */
  def saveWeights(caffemodel: String): Unit = use {
    places.writing(caffemodel) { path =>
      master.save(path, current)
      Array(path)
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

  /** Ends this trainer's running jobs, from another thread than theirs; it stays usable. Jobs of
    * others on the same SparkContext go on.
    */
  def cancel(): Unit = jobs.cancel()

  /** Stops what runs, and frees the nets and data that the trainer holds in the executors. */
  override def close(): Unit = {
    val first = OpenTrainers.remove(id)
    closed = true
    jobs.cancel()
    if (first) synchronized {
      if (!sc.isStopped) {
        discardRound()
        val own = id
        jobs.quietly(executors.onEach(() => WorkerNets.close(own)))
        lastSent.foreach(_.destroy())
        (trainData ++ testData).foreach(_.release())
      } else WorkerNets.close(id)
      master.close()
    }
  }

  private def crew: Crew = {
    val room =
      Room(executors.slots, executors.cores, executors.taskCpus, sharing, options.threads)
    Crew(id, OpenTrainers.ids, model, layout, seed, room)
  }

  /** Workers that have their place in one executor. */
  private def sharing: Int = {
    val places = math.max(1, executors.live.length)
    (workers + places - 1) / places
  }

  /** Throws before rounds run out of memory. Of executors that are still to come, and whose cores are
    * not known, each is taken to have one worker.
    */
  private def checkHeaps(): Unit = HeapNeeds(layout.count.toLong).check(
    vectors = TreeAverage.fanIn(workers, layout.count),
    tasks =
      if (executors.slots > 0) math.min(executors.slots, sharing)
      else if (executors.live.isEmpty) 1
      else sharing,
    Runtime.getRuntime.maxMemory,
    if (sc.isLocal) None else Some(executors.heap)
  )

  private def windowBytes: Long = options.windowMb.toLong << 20

  private def accepted(
      data: Dataset,
      preprocessing: Preprocessing,
      augmentation: Augmentation,
      input: NetInput
  ): WorkerData = {
    executors.await(workers, options.waitSeconds)
    checkHeaps()
    val next = new WorkerData(data, preprocessing, augmentation, workers, executors)
    jobs.run("SparkNet: check data")(next.check(input, master.classes))
    next
  }

  private def testInput: NetInput = master.testInput.getOrElse(
    state("the solver has no test net: give it a test_iter and a net with TEST layers")
  )

  private def send(): Broadcast[Start] = {
    val next = sc.broadcast(Start(current, counter, history, rounds))
    lastSent.foreach(_.destroy())
    lastSent = Some(next)
    sent = lastSent
    next
  }

  private def adopt(weights: Array[Float]): Unit = {
    discardRound()
    current = weights
    sent = None
  }

  private def discardRound(): Unit = {
    pending.foreach(_.shares.unpersist(blocking = false))
    pending = None
  }

  /** The mean of the workers' momentum as it is now. What replaced workers have is too little, so it
    * counts only where there is nothing else.
    */
  private def meanHistory(): Option[Array[Float]] =
    trainData.filter(_ => rounds > 0).flatMap { data =>
      val all = lastImages.indices.filter(lastImages(_) > 0).toSet
      val whole = meanHistory(data, wholeOnly = true)
      val lost = all -- whole.members.keys
      if (lost.isEmpty) whole.ofThose
      else {
        val used = if (lost == all) meanHistory(data, wholeOnly = false) else whole
        tellMomentum(lost, used.members.keySet)
        used.ofThose
      }
    }

  private def meanHistory(data: WorkerData, wholeOnly: Boolean): WeightedMean = {
    val (own, images, last) = (id, lastImages, rounds - 1)
    val means = data.onEach { (worker, _) =>
      WorkerNets
        .momentum(own, worker)
        .filter(found => found.round == last && (found.whole || !wholeOnly))
        .fold(WeightedMean.empty)(found => WeightedMean.of(worker, found.values, images(worker)))
    }
    jobs.run("SparkNet: average momentum")(TreeAverage(means, layout.count))
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

  private def tellThreads(shares: Seq[Share]): Unit = if (!toldThreads && shares.nonEmpty) {
    toldThreads = true
    val threads = shares.map(_.threads).distinct.sorted.mkString(" or ")
    val executors = shares.map(_.executor).distinct.size
    say(s"workers: $workers, executors that train: $executors, threads of each net: $threads")
  }

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

  /** A round that is trained and not averaged: its shares stay with the executors. */
  private final case class Pending(shares: RDD[Share], tau: Int, images: Array[Long])

  private def seed(options: TrainerOptions, solver: SolverParameter): Long =
    if (options.seed >= 0) options.seed
    else if (solver.getRandomSeed >= 0) solver.getRandomSeed
    else new Random().nextInt(Int.MaxValue).toLong

  private def refuse(failures: Seq[Failure]): Unit =
    failures.headOption.foreach(failure => throw new TrainingException(failure))

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
