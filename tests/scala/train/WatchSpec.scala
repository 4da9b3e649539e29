package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class WatchSpec extends AnyFlatSpec {
  private val tested = FitPlan(1, 6, tests = FitPlan.every(1))

  private final class Seen(metric: String, minDelta: Double = 0, mode: String = "auto")
      extends Watch(metric, minDelta, mode) {
    var better = Vector.empty[Float]
    override protected def onBetter(): Unit = better :+= best.floatValue
  }

  /** Has a run's tests (or rounds) give these values. */
  private def seen(watch: Seen, values: Float*): Seen = {
    val steps = new FakeSteps
    steps.scores = i => Map("score" -> -1f, watch.metric -> values(i - 1))
    steps.loss = i => values(i - 1)
    new Fit(steps, tested.copy(rounds = values.length), 0, None, Seq(watch)).run()
    watch
  }

  private def refused(body: => Any): String = {
    val failure = intercept[CaffeException](body)
    assert(failure.getCodeName == "INVALID_ARGUMENT")
    failure.getMessage
  }

  "A watch" should "know the best value and when it was" taggedAs Unit in {
    val loss = seen(new Seen("loss"), 3, 2, Float.NaN, 2, 2.5f, 1)
    assert(loss.better == Seq(3f, 2f, 1f) && loss.best == 1f && loss.bestIteration == 6)
    assert(seen(new Seen("top_accuracy"), 0.1f, 0.3f, 0.2f).better == Seq(0.1f, 0.3f))
    assert(seen(new Seen("Test_Error"), 0.1f, 0.3f, 0.05f).better == Seq(0.1f, 0.05f))
    assert(seen(new Seen("mine", mode = "max"), 1, 3, 2).bestIteration == 2)
    assert(seen(new Seen("train_loss"), 3, 4, 1).better == Seq(3f, 1f))
    val none = seen(new Seen("loss"), Float.NaN)
    assert(none.best == null && none.bestIteration == 0)
  }

  it should "count only what is better by enough" taggedAs Unit in {
    val watch = seen(new Seen("loss", minDelta = 0.5), 3, 2.75f, 2.5f, 2.25f, 2)
    assert(watch.better == Seq(3f, 2.5f, 2f))
  }

  it should "begin anew with each run" taggedAs Unit in {
    val watch = seen(new Seen("loss"), 1)
    assert(seen(watch, 5, 4).better == Seq(1f, 5f, 4f) && watch.best == 4f)
  }

  it should "refuse what it cannot see" taggedAs Unit in {
    assert(refused(new Seen("score")).contains("'score' is better is not clear"))
    assert(refused(new Seen("loss", mode = "least")).contains("not 'least'"))
    assert(refused(new Seen("loss", minDelta = -1)).contains("min_delta"))
    assert(refused(new Seen("loss", minDelta = Double.NaN)).contains("min_delta"))
    val steps = new FakeSteps
    steps.scores = _ => Map("accuracy" -> 1f)
    val run = new Fit(steps, tested, 0, None, Seq(new Seen("loss")))
    assert(refused(run.run()).contains("no output 'loss'; it has accuracy"))
    for (plan <- Seq(FitPlan(1, 1), FitPlan(1, 1, tests = FitPlan.every(0)))) {
      assert(refused(new Fit(steps, plan, 0, None, Seq(new Seen("loss")))).contains("test_every"))
      new Fit(steps, plan, 0, None, Seq(new Seen("train_loss"))).run()
    }
  }
}
