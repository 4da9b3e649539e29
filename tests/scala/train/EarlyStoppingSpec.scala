package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class EarlyStoppingSpec extends AnyFlatSpec {

  /** How many rounds a run has whose tests give these values. */
  private def rounds(stopping: EarlyStopping, values: Float*): (Int, Seq[String]) = {
    val steps = new FakeSteps
    steps.scores = i => Map(stopping.metric -> values(i - 1))
    val plan = FitPlan(1, values.length, tests = FitPlan.every(1))
    val run = new Fit(steps, plan, 0, None, Seq(stopping))
    run.run()
    (run.rounds, steps.said)
  }

  "Early stopping" should "end a run that gets no better" taggedAs Unit in {
    val stopping = new EarlyStopping("accuracy", 2)
    val (done, said) = rounds(stopping, 0.5f, 0.4f, 0.6f, 0.6f, 0.5f, 0.9f)
    assert(done == 5 && stopping.hasStopped && stopping.bestIteration == 3)
    assert(said == Seq("stopped early: accuracy was best in iteration 3, with 0.6 (patience 2)"))
    assert(rounds(stopping, 0.1f, 0.2f, 0.2f) == ((3, Nil)) && !stopping.hasStopped)
    val (two, why) = rounds(new EarlyStopping("loss", 2), Float.NaN, Float.NaN, 1)
    assert(two == 2 && why == Seq("stopped early: loss was never a number (patience 2)"))
    assert(rounds(new EarlyStopping("loss", 1, 0.5, "min"), 3, 2, 1.75f, 0)._1 == 3)
  }

  it should "wait at least once" taggedAs Unit in {
    val refused = intercept[CaffeException](new EarlyStopping("loss", 0))
    assert(refused.getCodeName == "INVALID_ARGUMENT" && refused.getMessage.contains("patience"))
  }
}
