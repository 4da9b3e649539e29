package sparknet.train

import caffe.Caffe.SolverParameter
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class FitPlanSpec extends AnyFlatSpec {

  /** What comes between rounds of `tau` steps, each of which is `.`. */
  private def pauses(solver: SolverParameter.Builder, tau: Int): String = {
    val steps = new FakeSteps
    new Fit(steps, FitPlan.of(solver.build, tau), 0, None, Nil).run()
    steps.calls
      .filterNot(Set("broadcast", "average"))
      .map(call => if (call.startsWith("train")) "." else call)
      .mkString(" ")
  }

  private def solver: SolverParameter.Builder = SolverParameter.newBuilder.setMaxIter(10)

  "A plan" should "follow a solver's counts" taggedAs Unit in {
    assert(pauses(solver, 3) == ". . . .")
    assert(pauses(solver.setTestInterval(4), 2) == "test 0 . . test 4 . . test 8 .")
    val silent = solver.setTestInterval(4).setTestInitialization(false)
    assert(pauses(silent, 3) == ". . test 6 . test 9 .")
    val kept = solver.setSnapshot(5).setSnapshotPrefix("p")
    assert(pauses(kept.clone, 3) == ". . snapshot p 6 . . snapshot p 10")
    assert(pauses(kept.clone.setMaxIter(12), 3) == ". . snapshot p 6 . . snapshot p 12")
    assert(
      pauses(kept.clone.setMaxIter(8).setSnapshotAfterTrain(false), 2) == ". . . snapshot p 6 ."
    )
    assert(pauses(solver.setSnapshotPrefix("p"), 10) == ". snapshot p 10")
    assert(pauses(solver.setSnapshotPrefix("p").setSnapshotAfterTrain(false), 10) == ".")
  }

  it should "not write where it keeps nothing" taggedAs Unit in {
    val nothing = solver.setSnapshotPrefix("p").setSnapshotAfterTrain(false).build
    assert(FitPlan.of(nothing, 1).prefix.isEmpty)
    assert(FitPlan.of(solver.setSnapshotPrefix("p").build, 1).prefix == "p")
  }

  it should "refuse what has no length" taggedAs Unit in {
    val endless = intercept[CaffeException](FitPlan.of(SolverParameter.getDefaultInstance, 1))
    assert(endless.getCodeName == "INVALID_ARGUMENT" && endless.getMessage.contains("max_iter"))
    assert(intercept[CaffeException](FitPlan(0, 1)).getMessage == "tau must be at least 1, not 0")
  }
}
