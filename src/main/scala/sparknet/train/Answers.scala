package sparknet.train

import java.util.{List => JavaList, Map => JavaMap}

import scala.collection.JavaConverters._

import caffe.Caffe.SolverParameter
import org.apache.spark.api.java.JavaSparkContext

import sparknet.io.{EngineNotices, Options}
import sparknet.jna.{CaffeException, Status}

/** A trainer's answers as text, for Python: over Py4J each look at an object is a call of its own, and
  * a string comes with the answer. What the trainer tells its user is kept for Python, too.
  *
  * The first value of each says what it is. Between values is NUL, which no path has.
  */
final class Answers(trainer: Trainer) {
  import Answers._

  trainer.notices.keep()
  EngineNotices.keep()

  def train(tau: Int): String = text(RoundDone(trainer.train(tau)))

  def trainFor(seconds: Double): String = text(RoundDone(trainer.trainFor(seconds)))

  /** The last round as it is with its average; empty: all hosts were lost before it. */
  def average(): String = {
    val round = trainer.unaveraged
    if (trainer.average()) round.fold("")(result => text(RoundDone(result))) else ""
  }

  def test(): String = {
    val scores = trainer.test()
    text(TestDone(trainer.iteration, scores))
  }

  /** A run.
    *
    * @param solver
    *   a serialised SolverParameter, which says how long the run is, and when tests and snapshots come,
    *   where `rounds` and `images` are missing
    * @param options
    *   only what the user has set: `rounds` or `images` (how many in all), `tau`, `test_every` and
    *   `snapshot_every` (rounds; 0: never), `snapshot_prefix` (the last round has a snapshot, too),
    *   `checkpoint` (a folder), `every` (rounds between two checkpoints), `keep` (how many)
    */
  def fit(
      solver: Array[Byte],
      options: JavaMap[String, Object],
      listeners: JavaList[TrainListener]
  ): Fit = {
    val chosen = new Options(
      options,
      "rounds",
      "images",
      "tau",
      "test_every",
      "snapshot_every",
      "snapshot_prefix",
      "checkpoint",
      "every",
      "keep"
    )
    def has(name: String) = options.containsKey(name)
    val tau = chosen.int("tau", 10)
    var plan =
      if (has("rounds") || has("images"))
        FitPlan(
          tau,
          chosen.int("rounds", Int.MaxValue),
          chosen.double("images", Double.PositiveInfinity)
        )
      else FitPlan.of(SolverParameter.parseFrom(solver), tau)
    if (has("test_every")) plan = plan.copy(tests = FitPlan.every(often(chosen, "test_every")))
    if (has("snapshot_every"))
      plan = plan.copy(snapshots = FitPlan.every(often(chosen, "snapshot_every")))
    if (has("snapshot_prefix")) {
      val kept = plan.snapshots
      plan = plan.copy(
        snapshots = pause => kept(pause) || (pause.over && pause.done > 0),
        prefix = chosen.string("snapshot_prefix", "")
      )
    }
    if (plan.snapshots eq FitPlan.never) plan = plan.copy(prefix = "")
    val checkpoints = if (has("checkpoint")) Some(chosen.string("checkpoint", "")) else None
    plan = plan.copy(checkpoints =
      checkpoints.map(CheckpointPlan(_, chosen.int("every", 10), chosen.int("keep", 3)))
    )
    trainer.fit(plan, listeners.asScala.toSeq: _*)
  }

  private def often(chosen: Options, name: String): Int = {
    val rounds = chosen.int(name, 0)
    if (rounds < 0)
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"$name is a number of rounds, 0 for never, not $rounds"
      )
    rounds
  }

  /** @param rate
    *   null: the solver's policy is followed again
    */
  def setLearningRate(rate: java.lang.Double): Unit =
    trainer.setLearningRate(Option(rate).map(_.floatValue))

  /** Hides Spark's own bars on the terminal, where Python draws one, until it is closed. */
  def hideBars(): AutoCloseable = trainer.hideBars()

  /** The best value so far, its iteration, and whether the watch has ended the run. */
  def watched(watch: Watch): String = {
    val stopped = watch match {
      case early: EarlyStopping => early.hasStopped
      case _                    => false
    }
    Seq[Any](Option(watch.best).getOrElse(""), watch.bestIteration, stopped).mkString("\u0000")
  }

  /** What was done and, after U+0001, what there is to tell, if there is anything. */
  def next(fit: Fit): String = told(fit.next(), notices())

  /** What the engine and the trainer have told since the last call, as [[sparknet.io.Notices.take]] has
    * it. It does not wait for what the trainer is doing.
    */
  def notices(): String =
    Seq(EngineNotices.take(), trainer.notices.take()).filter(_.nonEmpty).mkString("\u0000")
}

object Answers {

  /** Tasks that the cluster runs at a time. */
  def slots(sc: JavaSparkContext): Int = Trainer.defaultWorkers(sc.sc)

  /** A trainer for Python, whose `fit` has the times of snapshots as arguments: those of the solver do
    * not count.
    *
    * @param solver
    *   a serialised SolverParameter
    * @param options
    *   as [[TrainerOptions.from]] takes them
    */
  def newTrainer(
      sc: JavaSparkContext,
      solver: Array[Byte],
      workers: Int,
      options: JavaMap[String, Object]
  ): Trainer = {
    val own = SolverParameter.newBuilder.mergeFrom(solver).clearSnapshot().build
    new Trainer(sc.sc, own, workers, TrainerOptions.from(options))
  }

  /** What was done and, after U+0001, what there is to tell, if there is anything. */
  private[sparknet] def told(event: FitEvent, notices: String): String =
    if (notices.isEmpty) text(event) else text(event) + "\u0001" + notices

  private[train] def text(event: FitEvent): String = {
    val values: Seq[Any] = event match {
      case RoundDone(r)                => round(r)
      case TestDone(iteration, scores) =>
        Seq[Any]("test", iteration) ++ scores.asScala.toSeq.flatMap { case (name, mean) =>
          Seq[Any](name, mean)
        }
      case SnapshotDone(files)                => "snapshot" +: files.toSeq
      case Resumed(iteration, rounds, images) => Seq[Any]("resumed", iteration, rounds, images)
      case CheckpointDone(place)              => Seq("checkpoint", place)
      case FitOver                            => Seq[Any]("over")
    }
    values.mkString("\u0000")
  }

  /** Lists have their lengths before them. */
  private def round(r: RoundResult): Seq[Any] = {
    def listed[A](all: Seq[A])(values: A => Seq[Any]) = all.length +: all.flatMap(values)
    val leftOut = r.leftOut.counts.toSeq.sorted
    Seq[Any]("round", r.iteration, r.loss, r.images, r.seconds, r.workers) ++
      listed(r.allLost)(worker => Seq(worker)) ++
      listed(r.statistics.turns) { t =>
        val times = Seq(t.compute, t.feed, t.exchange, t.waiting)
        Seq[Any](t.worker, t.executor, t.steps, t.images) ++ times
      } ++
      listed(leftOut) { case (reason, count) =>
        Seq[Any](reason, count) ++ listed(r.leftOut.names(reason))(name => Seq[Any](name))
      }
  }
}
