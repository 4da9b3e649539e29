package sparknet.train

import java.util.{LinkedHashMap, Map => JavaMap}

import scala.annotation.tailrec

import sparknet.jna.{CaffeException, FloatMemory, Status}

/** The training loop, one thing at a time: whoever wants something done asks for the next one. So the
  * loop needs no way back into its caller, which may be in another process.
  *
  * A round in which all hosts were lost before its mean was made counts for nothing and is done again.
  *
  * Between two things, listeners and the caller may change what comes next.
  *
  * @param retries
  *   how often in a row a round may come to nothing before that is an error
  * @param checkpoints
  *   of the run, if there shall be any
  * @param listeners
  *   told of everything, by whom [[next]] is called
  */
final class Fit private[train] (
    steps: FitSteps,
    plan: FitPlan,
    retries: Int,
    checkpoints: Option[FitCheckpoints],
    listeners: Seq[TrainListener]
) {
  private type Step = () => FitEvent

  private var state = FitState(0, 0)
  private var last = (0, 0) // the counter before and after the last round
  // Before the next round. Whether something is due is found out when it is its turn, since what comes
  // before it may end the run; what failed stays due.
  private var left: List[(FitPlan.When, Step)] =
    if (checkpoints.isEmpty) between else List(always -> (() => begin()))
  private var ended = false
  private var written = Option.empty[FitState] // in the last checkpoint
  private var nextTau = plan.tau
  @volatile private var stopping = false

  listeners.foreach(_.onStart(this))

  /** Does the next thing there is to do. */
  @tailrec
  def next(): FitEvent = left match {
    case (when, step) :: rest =>
      if (when(FitPlan.Pause(state.rounds, isOver, last._1, last._2))) {
        val event = step()
        left = left.tail
        event
      } else {
        left = rest
        next()
      }
    case Nil => if (!isOver) round() else if (owesCheckpoint) checkpoint() else over()
  }

  /** Does all that is left.
    *
    * @return
    *   scores of the last test in it; empty if there was none
    */
  def run(): JavaMap[String, java.lang.Float] =
    // Spark's own bars would be drawn over ours.
    if (listeners.exists(_.isInstanceOf[ConsoleProgress])) {
      val hidden = steps.hideBars()
      try runToEnd()
      finally hidden.close()
    } else runToEnd()

  private def runToEnd(): JavaMap[String, java.lang.Float] = {
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

  /** Lets no other round begin: what is due after the last one comes next. From any thread. */
  def stop(): Unit = stopping = true

  /** Rounds that are done. */
  def rounds: Int = state.rounds

  /** Steps of each worker in the next round. */
  def tau: Int = nextTau

  def setTau(steps: Int): Unit = {
    FitPlan.checkTau(steps)
    nextTau = steps
  }

  /** Whether the plan has any tests. */
  def hasTests: Boolean = plan.tests ne FitPlan.never

  /** Steps behind the current weights. */
  def iteration: Int = steps.iteration

  /** As [[Trainer.learningRate]]. */
  def learningRate: Float = steps.learningRate

  /** As [[Trainer.setLearningRate]]. */
  def setLearningRate(rate: Option[Float]): Unit = steps.setLearningRate(rate)

  /** Number of weights. */
  def weightsCount: Int = steps.weightsCount

  /** Copies the current weights. */
  def readWeights(into: FloatMemory): Unit = steps.readWeights(into)

  /** Makes these the current weights. */
  def writeWeights(from: FloatMemory): Unit = steps.writeWeights(from)

  /** Tells the user something. */
  def say(text: String): Unit = steps.say(text)

  private def isOver: Boolean = stopping || !(state.rounds < plan.rounds &&
    state.images < plan.images && // may be NaN
    (plan.iterations == Int.MaxValue || steps.iteration < plan.iterations))

  // It was stopped, and no checkpoint says so.
  private def owesCheckpoint: Boolean = stopping && checkpoints.nonEmpty && state.rounds > 0 &&
    state.rounds < plan.rounds && !written.exists(_.stopped)

  private def always: FitPlan.When = _ => true

  private def between: List[(FitPlan.When, Step)] = List(
    plan.tests -> (() => test()),
    plan.snapshots -> (() => snapshot()),
    keeps -> (() => checkpoint())
  )

  private def keeps: FitPlan.When = pause =>
    plan.checkpoints.exists(c => pause.done > 0 && (FitPlan.every(c.every)(pause) || pause.over))

  /** Goes on with a run that was cut off. */
  private def begin(): FitEvent = {
    checkpoints.get.resume() match {
      case Some(found) =>
        state = found
        written = Some(found)
        stopping = found.stopped
      case None => left ++= between
    }
    Resumed(steps.iteration, state.rounds, state.images)
  }

  private def checkpoint(): FitEvent = {
    tell(_.onBegin("checkpoint", state.rounds))
    val now = state.copy(stopped = stopping)
    val place = checkpoints.get.write(now)
    written = Some(now)
    CheckpointDone(place)
  }

  private def round(): FitEvent = {
    val before = steps.iteration
    // The last round of a run to some iteration has the steps that are missing.
    val now = math.min(nextTau.toLong, plan.iterations.toLong - before).toInt
    var lost = 0
    var result = trained(now)
    while (!average()) {
      lost += 1
      if (lost > retries)
        throw new CaffeException(
          Status.STATE,
          s"all executors of a round were lost before its average, $lost times in a row"
        )
      result = trained(now)
    }
    state = state.copy(state.rounds + 1, state.images + result.images)
    last = (result.iteration - now, result.iteration)
    left = between
    tell(_.onRound(result))
    RoundDone(result)
  }

  private def trained(tau: Int): RoundResult = {
    tell(_.onBegin("broadcast", state.rounds))
    steps.broadcast()
    tell(_.onBegin("train", state.rounds))
    steps.train(tau)
  }

  private def average(): Boolean = {
    tell(_.onBegin("average", state.rounds))
    steps.average()
  }

  private def test(): FitEvent = {
    tell(_.onBegin("test", state.rounds))
    val scores = steps.test()
    val iteration = steps.iteration
    tell(_.onTest(iteration, scores))
    TestDone(iteration, scores)
  }

  private def snapshot(): FitEvent = {
    tell(_.onBegin("snapshot", state.rounds))
    val files = steps.snapshot(plan.prefix)
    tell(_.onSnapshot(files))
    SnapshotDone(files)
  }

  private def over(): FitEvent = {
    if (!ended) tell(_.onEnd())
    ended = true
    FitOver
  }

  private def tell(what: TrainListener => Unit): Unit = listeners.foreach(what)
}

/** How far a run is.
  *
  * @param images
  *   that have been trained on in it
  * @param stopped
  *   whether a listener or the caller has ended it
  */
private[train] final case class FitState(rounds: Int, images: Long, stopped: Boolean = false)

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
  def learningRate: Float
  def setLearningRate(rate: Option[Float]): Unit
  def weightsCount: Int
  def readWeights(into: FloatMemory): Unit
  def writeWeights(from: FloatMemory): Unit
  def say(text: String): Unit
  def hideBars(): AutoCloseable
}

/** Where a run keeps what it takes to go on when it is cut off. */
private[train] trait FitCheckpoints {

  /** Goes on from the last one of this run, if there is one; how far it was then. */
  def resume(): Option[FitState]

  /** Writes one; returns its place. */
  def write(state: FitState): String
}
