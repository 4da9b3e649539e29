package sparknet.train

import java.util.{LinkedHashMap, Map => JavaMap}

import sparknet.jna.{CaffeException, Status}

/** The training loop, one thing at a time: whoever wants something done asks for the next one. So the
  * loop needs no way back into its caller, which may be in another process.
  *
  * A round in which all hosts were lost before its mean was made counts for nothing and is done again.
  *
  * @param retries
  *   how often in a row a round may come to nothing before that is an error
  * @param checkpoints
  *   of the run, if there shall be any
  * @param listener
  *   told of everything, by whom [[next]] is called
  */
final class Fit private[train] (
    steps: FitSteps,
    plan: FitPlan,
    retries: Int,
    checkpoints: Option[FitCheckpoints],
    listener: TrainListener
) {
  private var done = 0
  private var images = 0L
  private var due = // before the next round; what failed stays due
    if (checkpoints.isEmpty) between(0, 0) else List(() => begin())

  /** Does the next thing there is to do. */
  def next(): FitEvent = due.headOption match {
    case Some(step) =>
      val event = step()
      due = due.tail
      event
    case None => if (isOver) FitOver else round()
  }

  /** Does all that is left.
    *
    * @return
    *   scores of the last test in it; empty if there was none
    */
  def run(): JavaMap[String, java.lang.Float] = {
    var scores: JavaMap[String, java.lang.Float] = new LinkedHashMap
    var event = next()
    while (event != FitOver) {
      event match {
        case tested: TestDone => scores = tested.scores
        case _                => ()
      }
      event = next()
    }
    scores
  }

  private def isOver: Boolean = !(done < plan.rounds && images < plan.images) // images may be NaN

  private def between(before: Int, iteration: Int): List[() => FitEvent] = {
    val pause = FitPlan.Pause(done, isOver, before, iteration)
    List(
      plan.tests -> (() => test()),
      plan.snapshots -> (() => snapshot()),
      keeps -> (() => checkpoint())
    ).collect {
      case (when, step) if when(pause) => step
    }
  }

  private def keeps: FitPlan.When = pause =>
    plan.checkpoints.exists(c => pause.done > 0 && (FitPlan.every(c.every)(pause) || pause.over))

  /** Goes on with a run that was cut off. */
  private def begin(): FitEvent = checkpoints.get.resume() match {
    case Some((rounds, trained)) =>
      done = rounds
      images = trained
      Resumed(steps.iteration, done, images)
    case None =>
      due ++= between(0, 0)
      Resumed(steps.iteration, 0, 0)
  }

  private def checkpoint(): FitEvent = {
    listener.onBegin("checkpoint", done)
    CheckpointDone(checkpoints.get.write(done, images))
  }

  private def round(): FitEvent = {
    var lost = 0
    var result = trained()
    while (!average()) {
      lost += 1
      if (lost > retries)
        throw new CaffeException(
          Status.STATE,
          s"all executors of a round were lost before its average, $lost times in a row"
        )
      result = trained()
    }
    done += 1
    images += result.images
    due = between(result.iteration - plan.tau, result.iteration)
    listener.onRound(result)
    RoundDone(result)
  }

  private def trained(): RoundResult = {
    listener.onBegin("broadcast", done)
    steps.broadcast()
    listener.onBegin("train", done)
    steps.train(plan.tau)
  }

  private def average(): Boolean = {
    listener.onBegin("average", done)
    steps.average()
  }

  private def test(): FitEvent = {
    listener.onBegin("test", done)
    val scores = steps.test()
    val iteration = steps.iteration
    listener.onTest(iteration, scores)
    TestDone(iteration, scores)
  }

  private def snapshot(): FitEvent = {
    listener.onBegin("snapshot", done)
    val files = steps.snapshot(plan.prefix)
    listener.onSnapshot(files)
    SnapshotDone(files)
  }
}

/** What [[Fit.next]] did. */
sealed trait FitEvent
final case class RoundDone(result: RoundResult) extends FitEvent
final case class TestDone(iteration: Int, scores: JavaMap[String, java.lang.Float]) extends FitEvent

/** @param files
  *   places of the caffemodel and the solverstate
  */
final case class SnapshotDone(files: Array[String]) extends FitEvent

/** A run with checkpoints begins, or goes on.
  *
  * @param rounds
  *   that it has done before
  * @param images
  *   that it has trained on before
  */
final case class Resumed(iteration: Int, rounds: Int, images: Long) extends FitEvent

/** @param place
  *   of the checkpoint
  */
final case class CheckpointDone(place: String) extends FitEvent

/** There was nothing left to do. */
case object FitOver extends FitEvent

/** What a [[Fit]] is made of: a trainer, whose methods these are. */
private[train] trait FitSteps {
  def broadcast(): Unit
  def train(tau: Int): RoundResult
  def average(): Boolean
  def test(): JavaMap[String, java.lang.Float]
  def iteration: Int
  def snapshot(prefix: String): Array[String]
}

/** Where a run keeps what it takes to go on when it is cut off. */
private[train] trait FitCheckpoints {

  /** Goes on from the last one of this run, if there is one; its rounds and images then. */
  def resume(): Option[(Int, Long)]

  /** Writes one; returns its place. */
  def write(rounds: Int, images: Long): String
}
