package sparknet.train

import caffe.Caffe.SolverParameter

import sparknet.jna.{CaffeException, Status}

import FitPlan.When

/** How long a run goes on and what comes between its rounds.
  *
  * @param tau
  *   steps of each worker in a round
  * @param rounds
  *   how many at most
  * @param images
  *   it ends after the round with which so many have been trained on in it, all workers together
  * @param iterations
  *   it ends when the solver's counter is there
  * @param tests
  *   when the test data are tested
  * @param snapshots
  *   when snapshots are written, after the test if both are due
  * @param prefix
  *   of snapshots, a path or a URI; empty: there must be none
  * @param checkpoints
  *   from which a run that was cut off goes on, and where it keeps what that takes
  */
final case class FitPlan(
    tau: Int,
    rounds: Int = Int.MaxValue,
    images: Double = Double.PositiveInfinity,
    iterations: Int = Int.MaxValue,
    tests: When = FitPlan.never,
    snapshots: When = FitPlan.never,
    prefix: String = "",
    checkpoints: Option[CheckpointPlan] = None
) {
  FitPlan.checkTau(tau)
}

/** @param folder
  *   a path of the driver's machine or a URI of any Hadoop file system; one run has it to itself
  * @param every
  *   rounds between two; the last round of a run has one in any case
  * @param keep
  *   how many of the last ones are kept
  */
final case class CheckpointPlan(folder: String, every: Int, keep: Int)

object FitPlan {

  /** Whether something is due between two rounds, before the first or after the last. */
  type When = Pause => Boolean

  /** Where a run is between two rounds.
    *
    * @param done
    *   rounds that are done
    * @param over
    *   whether no more come
    * @param before
    *   the solver's counter before the last round, 0 if there was none
    * @param iteration
    *   the solver's counter now, 0 before the first round
    */
  final case class Pause(done: Int, over: Boolean, before: Int, iteration: Int)

  val never: When = _ => false

  /** After every `rounds` rounds; 0: never. */
  def every(rounds: Int): When =
    unless(rounds)(pause => pause.done > 0 && pause.done % rounds == 0)

  /** Before every `rounds` rounds; 0: never. */
  def before(rounds: Int): When = unless(rounds)(pause => pause.done % rounds == 0 && !pause.over)

  /** Before the first round, after every `rounds` rounds and after the last; 0: never. */
  def around(rounds: Int): When = unless(rounds)(pause => pause.done % rounds == 0 || pause.over)

  /** After the round that reaches a multiple of so many iterations, or passes it; 0: never. */
  def reaching(iterations: Int): When =
    unless(iterations)(pause => pause.iteration / iterations > pause.before / iterations)

  /** As Caffe trains by a solver: to its `max_iter`, with a test every `test_interval` iterations, and
    * before the first unless `test_initialization` is false; with a snapshot every `snapshot` iterations
    * and, unless `snapshot_after_train` is false, one after the last, if there is a `snapshot_prefix`.
    */
  def of(solver: SolverParameter, tau: Int): FitPlan = {
    if (solver.getMaxIter < 1)
      invalid("the solver has no max_iter, so it does not say how long to train")
    val tests = reaching(solver.getTestInterval)
    val first = solver.getTestInitialization
    val prefix = solver.getSnapshotPrefix
    val snapshots = reaching(solver.getSnapshot)
    val lastOne = solver.getSnapshotAfterTrain
    FitPlan(
      tau,
      iterations = solver.getMaxIter,
      tests = if (tests eq never) never else pause => tests(pause) || (first && pause.done == 0),
      snapshots =
        if (prefix.isEmpty) never
        else pause => pause.done > 0 && (snapshots(pause) || (lastOne && pause.over)),
      prefix = if ((snapshots eq never) && !lastOne) "" else prefix
    )
  }

  private[train] def checkTau(tau: Int): Unit =
    if (tau < 1) invalid(s"tau must be at least 1, not $tau")

  private def unless(none: Int)(when: When): When = if (none > 0) when else never

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
