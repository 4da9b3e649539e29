package sparknet.train

import java.util.{Map => JavaMap}

import scala.collection.JavaConverters._

import caffe.Caffe.SolverParameter
import org.apache.spark.api.java.JavaSparkContext

/** A trainer's answers as text, for Python: over Py4J each look at an object is a call of its own, and
  * a string comes with the answer. What the trainer tells its user is kept for Python, too.
  *
  * The first value of each says what it is. Between values is NUL, which no path has.
  */
final class Answers(trainer: Trainer) {
  import Answers._

  trainer.notices.keep()

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

  /** A run for `rounds` rounds, or, if these are below 0, until `images` images have been trained on.
    *
    * @param testEvery
    *   in rounds; 0: never
    * @param snapshotEvery
    *   in rounds; 0: never
    * @param prefix
    *   of snapshots, of which the last round has one; null: none
    * @param checkpoints
    *   folder of the run's checkpoints; null: none
    * @param every
    *   rounds between two checkpoints
    * @param keep
    *   how many are kept
    */
  def fit(
      rounds: Int,
      images: Double,
      tau: Int,
      testEvery: Int,
      snapshotEvery: Int,
      prefix: String,
      checkpoints: String,
      every: Int,
      keep: Int
  ): Fit = {
    val kept = FitPlan.every(snapshotEvery)
    trainer.fit(
      FitPlan(
        tau,
        if (rounds < 0) Int.MaxValue else rounds,
        if (rounds < 0) images else Double.PositiveInfinity,
        FitPlan.every(testEvery),
        pause => prefix != null && (kept(pause) || pause.over),
        Option(prefix).getOrElse(""),
        Option(checkpoints).map(CheckpointPlan(_, every, keep))
      ),
      new TrainListener {}
    )
  }

  /** What was done and, after U+0001, what there is to tell, if there is anything. */
  def next(fit: Fit): String = {
    val done = text(fit.next())
    val told = notices()
    if (told.isEmpty) done else done + "\u0001" + told
  }

  /** What the trainer has told since the last call, as [[sparknet.io.Notices.take]] has it. It does not
    * wait for what the trainer is doing.
    */
  def notices(): String = trainer.notices.take()
}

object Answers {

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

  private[train] def text(event: FitEvent): String = {
    val values: Seq[Any] = event match {
      case RoundDone(r) => round(r)
      case TestDone(iteration, scores) =>
        Seq("test", iteration) ++ scores.asScala.toSeq.flatMap { case (name, mean) =>
          Seq(name, mean)
        }
      case SnapshotDone(files)                => "snapshot" +: files.toSeq
      case Resumed(iteration, rounds, images) => Seq("resumed", iteration, rounds, images)
      case CheckpointDone(place)              => Seq("checkpoint", place)
      case FitOver                            => Seq("over")
    }
    values.mkString("\u0000")
  }

  /** Lists have their lengths before them. */
  private def round(r: RoundResult): Seq[Any] = {
    def listed[A](all: Seq[A])(values: A => Seq[Any]) = all.length +: all.flatMap(values)
    val leftOut = r.leftOut.counts.toSeq.sorted
    Seq("round", r.iteration, r.loss, r.images, r.seconds, r.workers) ++
      listed(r.allLost)(worker => Seq(worker)) ++
      listed(r.statistics.turns) { t =>
        val times = Seq(t.compute, t.feed, t.exchange, t.waiting)
        Seq(t.worker, t.executor, t.steps, t.images) ++ times
      } ++
      listed(leftOut) { case (reason, count) =>
        Seq(reason, count) ++ listed(r.leftOut.names(reason))(name => Seq(name))
      }
  }
}
