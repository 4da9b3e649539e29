package sparknet.train

import java.util.{LinkedHashMap, Map => JavaMap}

import scala.util.Random

import caffe.Caffe.SolverParameter
import org.apache.spark.SparkContext
import org.apache.spark.sparknet.ConsoleBars

import sparknet.data.{Augmentation, Dataset, Identity, Preprocessing}
import sparknet.io.{BulkTransfer, CheckpointFolder, Places}
import sparknet.jna.{CaffeException, FloatMemory, Status, WeightsLayout}
import sparknet.spark.BuiltFor

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
    firstSeed: Long,
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

  /** With a worker for each slot of the cluster. */
  def this(sc: SparkContext, solver: SolverParameter) =
    this(sc, solver, new Executors(sc).awaitedSlots(TrainerOptions().waitSeconds))

  BuiltFor.check()

  if (workers < 1) invalid(s"the number of workers must be at least 1, not $workers")

  snapshots.check(new Places(sc.hadoopConfiguration))

  private val executors = new Executors(sc)
  private[sparknet] val jobs = new Jobs(sc)
  private val master = model.newMaster(firstSeed)
  private val id = OpenTrainers.add(this)

  /** Names, shapes and offsets of the parameters in the flat array of weights. */
  val layout: WeightsLayout = master.layout

  private val seen = TrainerSeen.of(sc, id, model.name, workers)
  private[sparknet] val notices = new TrainerNotices(seen.noticed)
  private val files = new TrainerFiles(sc.hadoopConfiguration, master, workers, notices)
  private val data =
    new TrainerData(sc, id, model, master, workers, executors, jobs, options, firstSeed)
  private var runs = Map.empty[String, Int] // with checkpoints, in each folder
  private var allowed = Option.empty[Int] // cancels, for what is running
  private var pending = Option.empty[RoundResult] // which is not averaged
  @volatile private var closed = false

  private val crew = Crew.of(sc, id, workers, executors, jobs, options, master, notices, data, seen)
  crew.lead(_.adopt(Progress(0, 0, Vector.fill(workers)(0L)))(master.readWeights))

  def setTrainData(data: Dataset): Unit = setTrainData(data, new Identity)

  def setTrainData(data: Dataset, preprocessing: Preprocessing): Unit =
    setTrainData(data, preprocessing, Augmentation.none)

  /** Sets what is trained on. Each worker gets whole partitions if that gives all about as much;
    * otherwise the items are dealt out anew.
    */
  def setTrainData(
      source: Dataset,
      preprocessing: Preprocessing,
      augmentation: Augmentation
  ): Unit = use(seen.during("looking at training data") {
    val next = accepted(source, preprocessing, augmentation, master.trainInput, trained = true)
    crew.lead(_.drop())
    data.train.foreach(_.release())
    data.train = Some(next)
    seen.taken("training", next)
  })

  /** How many of the items each worker trains on. */
  def trainPortions: Array[Long] = use(data.train.fold(Array.empty[Long])(_.portionSizes))

  /** How many of the items each worker tests. */
  def testPortions: Array[Long] = use(data.test.fold(Array.empty[Long])(_.portionSizes))

  def setTestData(data: Dataset): Unit = setTestData(data, new Identity)

  def setTestData(data: Dataset, preprocessing: Preprocessing): Unit =
    setTestData(data, preprocessing, Augmentation.none)

  def setTestData(
      source: Dataset,
      preprocessing: Preprocessing,
      augmentation: Augmentation
  ): Unit = use(seen.during("looking at test data") {
    val next = accepted(source, preprocessing, augmentation, testInput, trained = false)
    data.test.foreach(_.release())
    data.test = Some(next)
    seen.taken("test", next)
  })

  /** Sends the weights to the workers: what the next round starts from. They get them by themselves
    * where that is not asked for.
    */
  def broadcast(): Unit = use {
    refusePending()
    if (data.train.nonEmpty) crew.lead(_.send())
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
    * least one; workers that take turns share them. One that takes much longer has no part in the
    * round. The counter advances by the mean of the workers' iterations.
    */
  def trainFor(seconds: Double): RoundResult = {
    if (!(seconds > 0) || seconds.isInfinite)
      invalid(s"the seconds to train must be a positive number, not $seconds")
    train(Duration(Int.MaxValue, seconds))
  }

  private def train(duration: Duration): RoundResult = use(seen.during("training") {
    refusePending()
    if (data.train.isEmpty) state("there is no training data: call setTrainData first")
    crew.lead { coordinator =>
      refuseCancelled()
      val begin = System.nanoTime
      val round = coordinator.train(duration)
      val before = coordinator.current // it may have gone back to the driver's copy
      val results = round.results
      val leftOut = notices.leftOut(s"round ${before.rounds + 1}", results.map(_.leftOut))
      notices.threads(workers, executors.allSlots, results)
      notices.lost(before.rounds + 1, round.lost)
      val images = results.map(_.images).sum
      val seconds = (System.nanoTime - begin) / 1e9
      val result = RoundResult(
        before.rounds + 1,
        before.after(results.filter(_.images > 0)).iteration,
        (results.map(_.lossSum).sum / images).toFloat,
        images,
        seconds,
        results.count(_.images > 0),
        results.count(_.fresh),
        results.map(_.executor).toArray,
        leftOut,
        round.lost.toArray,
        RoundStatistics.of(results, seconds)
      )
      pending = Some(result)
      result
    }
  })

  /** The round that is not averaged yet. */
  private[train] def unaveraged: Option[RoundResult] = use(pending)

  /** Makes the mean of the workers' weights, weighted by their images, the current weights, and
    * advances the counter. Workers whose executors were lost meanwhile have no part in it.
    *
    * @return
    *   whether there was one: where all were lost, weights and counter are as before the round
    */
  def average(): Boolean = use(seen.during("averaging") {
    crew.lead { coordinator =>
      if (!coordinator.isPending) state("there is nothing to average: call train first")
      val begin = System.nanoTime
      val took = coordinator.average()
      for (round <- pending if took.nonEmpty) {
        round.statistics.complete(took, (System.nanoTime - begin) / 1e9)
        notices.lostBeforeMean(round.round, round.statistics.lostBeforeMean)
        seen.round(round)
      }
      pending = None
      took.nonEmpty
    }
  })

  /** Means of the test net's outputs over all test items, with the current weights. */
  def test(): JavaMap[String, java.lang.Float] = use(seen.during("testing") {
    testInput
    if (data.test.isEmpty) state("there is no test data: call setTestData first")
    refusePending()
    val shares = crew.lead { coordinator =>
      refuseCancelled()
      coordinator.test()
    }
    val leftOut = notices.leftOut("test", shares.map(_.leftOut))
    val items = shares.map(_.items).sum
    val scores = new LinkedHashMap[String, java.lang.Float]
    for {
      names <- shares.find(_.items > 0).map(_.outputs)
      (name, output) <- names.zipWithIndex
    } {
      val sum = shares.filter(_.items > 0).map(_.sums(output)).sum
      scores.put(name, (sum / items).toFloat)
    }
    seen.tested(crew.lead(_.current.iteration), scores, leftOut)
    scores
  })

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

  /** Learning rate of the next step, without `lr_mult`: the one that was set, or what the solver's
    * `lr_policy` says.
    */
  def learningRate: Float = use(
    crew.lead(c => c.rate.getOrElse(master.learningRate(c.current.iteration)))
  )

  /** Sets the learning rate of the next rounds, in place of the solver's policy; None: the policy's
    * again.
    */
  def setLearningRate(rate: Option[Float]): Unit = use {
    for (r <- rate if !(r >= 0) || r.isInfinite)
      invalid(s"the learning rate must be a finite number of at least 0, not $r")
    crew.lead(_.rate = rate)
  }

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
    seen.during("writing a snapshot")(crew.lead(files.snapshot(place, _)))
  }

  /** Throws unless snapshots can be written under `prefix`: tries it with a file that it removes. */
  def checkSnapshots(prefix: String): Unit = use(files.places.probe(prefix))

  /** Goes on from a solverstate, a path or a URI: weights, counter, and momentum for every worker.
    *
    * @return
    *   one line that says what was taken
    */
  def restore(solverstate: String): String = use(crew.lead(files.restore(solverstate, _)))

  /** Takes over the weights of a caffemodel, a path or a URI, for layers of the same name, of which
    * there must be one.
    *
    * @return
    *   one line that says what was taken, and which layers only the file or only the net has
    */
  def loadWeights(caffemodel: String): String = use(crew.lead(files.load(caffemodel, _)))

  /** Writes the current weights as a caffemodel, to a path or a URI. */
  def saveWeights(caffemodel: String): Unit = use(crew.lead(files.save(caffemodel, _)))

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
    snapshots.check(files.places)
    val plan = FitPlan(
      tau,
      rounds,
      tests = FitPlan.around(testEvery),
      snapshots = pause => snapshots.due(pause.before, pause.iteration),
      prefix = snapshots.prefix
    )
    begun(plan, Seq(listener)).run()
  }

  /** A run by a plan of the caller's, who asks for one thing after the other; listeners are told in their
    * order. It ends with the next [[cancel]]. Throws if snapshots cannot be written under the plan's
    * prefix, or checkpoints to their folder.
    *
    * With checkpoints it goes on where the last run of the same number in this folder was, if that was
    * cut off: the first one of a trainer with the first, and so on.
    */
  def fit(plan: FitPlan, listeners: TrainListener*): Fit = {
    if (plan.prefix.nonEmpty) checkSnapshots(plan.prefix)
    begun(plan, listeners)
  }

  private def begun(plan: FitPlan, listeners: Seq[TrainListener]): Fit = use {
    val checkpoints = plan.checkpoints.map { own =>
      if (own.every < 1) invalid(s"rounds between checkpoints are 1 or more, not ${own.every}")
      val folder = files.checkpoints(own.folder, own.keep)
      folder.probe()
      val number = runs.getOrElse(own.folder, 0) + 1
      runs += own.folder -> number
      new RunCheckpoints(folder, number)
    }
    new Fit(new Steps, plan, options.retries, checkpoints, listeners)
  }

  /** Hides Spark's own bars on the terminal until it is closed. */
  private[train] def hideBars(): AutoCloseable = ConsoleBars.hide(sc)

  /** Ends what this trainer is doing, from another thread; it stays usable. Jobs of others on the same
    * SparkContext go on.
    */
  def cancel(): Unit = {
    jobs.cancel()
    crew.cancel()
  }

  /** Stops what runs, and frees the nets and data that the trainer holds in the executors. */
  override def close(): Unit = {
    val first = OpenTrainers.remove(id)
    closed = true
    seen.end()
    crew.cancel()
    jobs.cancel()
    if (first) synchronized {
      crew.close()
      if (!sc.isStopped) {
        val own = id
        jobs.quietly(Trainer.closeSeconds)(executors.onEach(() => WorkerNets.close(own)))
        data.release()
      } else WorkerNets.close(id)
      master.close()
    }
  }

  /** Hosts know the data that they began with, and looking at new data takes slots: they go. */
  private def accepted(
      source: Dataset,
      preprocessing: Preprocessing,
      augmentation: Augmentation,
      input: NetInput,
      trained: Boolean
  ): WorkerData = {
    crew.lead(_.dismiss())
    data.accepted(source, preprocessing, augmentation, input, trained)
  }

  private def testInput: NetInput = master.testInput.getOrElse(
    state("the solver has no test net: give it a test_iter and a net with TEST layers")
  )

  private def refusePending(): Unit =
    if (crew.lead(_.isPending)) state("the last round is not averaged yet: call average() first")

  /** Once a run is cancelled none of its steps begins, also where the crew was between two of them. */
  private def refuseCancelled(): Unit =
    if (allowed.exists(_ != jobs.cancels)) throw new Cancelled

  /** Checkpoints of a run.
    *
    * @param number
    *   which of this trainer's runs in the folder it is, from 1: of a run nothing is left to do when the
    *   folder has checkpoints of a later one
    */
  private final class RunCheckpoints(folder: CheckpointFolder, number: Int) extends FitCheckpoints {
    override def resume(): Option[FitState] = use {
      files.newest(folder).flatMap { case (place, found) =>
        def note(name: String) = found.extra.getOrElse(name, "0")
        val last = note("fit").toInt
        try
          if (last == number) {
            crew.lead { coordinator =>
              coordinator.dismiss() // hosts may have begun with another seed
              coordinator.resume(found)
              coordinator.rate = found.extra.get("learning_rate").map(_.toFloat)
            }
            data.seed = found.seed
            notices.info(s"going on from iteration ${found.progress.iteration} of $place")
            val stopped = found.extra.contains("stopped")
            Some(FitState(note("rounds").toInt, note("images").toLong, stopped))
          } else if (last > number) Some(FitState(Int.MaxValue, Long.MaxValue))
          else None
        finally if (last == number) found.weights.close() else found.close()
      }
    }

    override def write(state: FitState): String = use {
      refusePending()
      seen.during("writing a checkpoint")(crew.lead { coordinator =>
        val extra = Map(
          "fit" -> number.toString,
          "rounds" -> state.rounds.toString,
          "images" -> state.images.toString
        ) ++ coordinator.rate.map("learning_rate" -> _.toString) ++
          (if (state.stopped) Some("stopped" -> "") else None)
        Checkpoint.write(folder, coordinator, data.seed, layout, extra)
      })
    }
  }

  private final class Steps extends FitSteps {
    private val begun = jobs.cancels

    override def broadcast(): Unit = own(Trainer.this.broadcast())
    override def train(tau: Int): RoundResult = own(Trainer.this.train(tau))
    override def average(): Boolean = own(Trainer.this.average())
    override def test(): JavaMap[String, java.lang.Float] = own(Trainer.this.test())
    override def iteration: Int = Trainer.this.iteration
    override def snapshot(prefix: String): Array[String] = own(Trainer.this.snapshot(prefix))
    override def learningRate: Float = Trainer.this.learningRate
    override def setLearningRate(rate: Option[Float]): Unit = Trainer.this.setLearningRate(rate)
    override def weightsCount: Int = layout.count
    override def readWeights(into: FloatMemory): Unit =
      use(crew.lead { c => into.floats.put(c.weights().floats); () })
    override def writeWeights(from: FloatMemory): Unit =
      use(crew.lead(c => c.adopt(c.current)(_.floats.put(from.floats))))
    override def say(text: String): Unit = notices.info(text)
    override def hideBars(): AutoCloseable = Trainer.this.hideBars()

    private def own[T](step: => T): T = use {
      allowed = Some(begun)
      try {
        refuseCancelled()
        step
      } finally allowed = None
    }
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

  /** How many workers there are where nobody says it: as many as the cluster runs tasks at a time, once
    * the executors that were asked for are there.
    */
  def defaultWorkers(sc: SparkContext): Int =
    new Executors(sc).awaitedSlots(TrainerOptions().waitSeconds)

  /** An executor may not answer. */
  private val closeSeconds = 10

  private def seed(options: TrainerOptions, solver: SolverParameter): Long =
    if (options.seed >= 0) options.seed
    else if (solver.getRandomSeed >= 0) solver.getRandomSeed
    else new Random().nextInt(Int.MaxValue).toLong

  private def state(message: String): Nothing = throw new CaffeException(Status.STATE, message)

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
