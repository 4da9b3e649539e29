package sparknet.train

import java.util.{Map => JavaMap}

import scala.collection.JavaConverters._

import sparknet.jna.{CaffeException, Status}

/** Looks for the best value of a metric in a run. A value that is not a number is never better. With
  * another run it begins anew.
  *
  * @param metric
  *   an output of the test net, looked at in each test of the run; `train_loss`: the mean loss of each
  *   round
  * @param minDelta
  *   by how much a value has to be better than the best so far
  * @param mode
  *   whether less or more is better, "min" or "max"; "auto": as names with `loss` or `error` in them, or
  *   `acc`, say
  */
abstract class Watch private[train] (val metric: String, minDelta: Double, mode: String)
    extends TrainListener {
  import Watch._

  if (!(minDelta >= 0)) invalid(s"min_delta must be at least 0, not $minDelta")

  private val less: Boolean = mode match {
    case "min"                                => true
    case "max"                                => false
    case "auto" if metric.matches(lessIsGood) => true
    case "auto" if metric.matches(moreIsGood) => false
    case "auto"                               =>
      invalid(s"whether less or more of '$metric' is better is not clear: give a mode, min or max")
    case other => invalid(s"the mode is min, max or auto, not '$other'")
  }

  private var found = Option.empty[(Float, Int)]
  private var current = Option.empty[Fit]

  /** The best value; null: there was none yet. */
  def best: java.lang.Float = found.fold(null: java.lang.Float)(b => Float.box(b._1))

  /** The iteration of the best value; 0: there was none yet. */
  def bestIteration: Int = found.fold(0)(_._2)

  /** The run that is being watched. */
  protected def run: Fit = current.get

  /** A value better than all before. */
  protected def onBetter(): Unit

  /** A value that is not. */
  protected def onOther(): Unit = ()

  override def onStart(fit: Fit): Unit = {
    if (metric != trainLoss && !fit.hasTests)
      invalid(
        s"'$metric' is looked at in tests, and the run has none: give it test_every, or watch " +
          s"$trainLoss"
      )
    found = None
    current = Some(fit)
  }

  override def onRound(result: RoundResult): Unit =
    if (metric == trainLoss) look(result.loss, result.iteration)

  override def onTest(iteration: Int, scores: JavaMap[String, java.lang.Float]): Unit =
    if (metric != trainLoss) {
      val score = scores.get(metric)
      if (score == null)
        invalid(
          s"the test net has no output '$metric'; it has ${scores.keySet.asScala.mkString(", ")}"
        )
      look(score, iteration)
    }

  private def look(value: Float, iteration: Int): Unit = {
    val gain = found.map { case (best, _) => if (less) best - value else value - best }
    val better = !value.isNaN && gain.forall(g => g > 0 && g >= minDelta)
    if (better) {
      found = Some((value, iteration))
      onBetter()
    } else onOther()
  }
}

private object Watch {
  private val trainLoss = "train_loss"
  private val lessIsGood = "(?i).*(loss|error).*"
  private val moreIsGood = "(?i).*acc.*"

  private[train] def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
