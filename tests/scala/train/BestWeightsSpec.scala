package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.SharedNumbers

class BestWeightsSpec extends AnyFlatSpec {
  private val plan = FitPlan(1, 4, tests = FitPlan.every(1))

  "Best weights" should "be the current ones when a run ends" taggedAs Boundary in {
    val before = SharedNumbers.openBytes
    val steps = new FakeSteps
    val losses = Seq(3f, 1f, 2f, 4f)
    steps.scores = i => Map("loss" -> losses(i - 1))
    val best = new BestWeights("loss")
    val run = new Fit(steps, plan, 0, None, Seq(best))
    for (_ <- 1 to 8) run.next()
    assert(steps.written.isEmpty)
    assert(run.next() == FitOver && steps.written.contains(2f)) // those of iteration 2
    assert(best.best == 1f && best.bestIteration == 2 && SharedNumbers.openBytes == before)
  }

  it should "leave weights alone where there is no best" taggedAs Unit in {
    val steps = new FakeSteps
    steps.scores = _ => Map("loss" -> Float.NaN)
    new Fit(steps, plan, 0, None, Seq(new BestWeights("loss"))).run()
    assert(steps.written.isEmpty)
  }

  it should "not be those of a run that failed before" taggedAs Boundary in {
    val steps = new FakeSteps
    steps.scores = i => Map("loss" -> i.toFloat)
    val best = new BestWeights("loss")
    val failed = new Fit(steps, plan, 0, None, Seq(best))
    failed.next()
    failed.next()
    steps.scores = _ => Map("loss" -> Float.NaN)
    new Fit(steps, plan, 0, None, Seq(best)).run()
    assert(steps.written.isEmpty)
  }
}
