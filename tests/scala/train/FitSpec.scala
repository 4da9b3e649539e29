package sparknet.train

import java.util.{Collections, Map => JavaMap}

import org.scalatest.flatspec.AnyFlatSpec

import sparknet.jna.CaffeException
import support._

class FitSpec extends AnyFlatSpec {

  private def fit(
      steps: FitSteps,
      plan: FitPlan,
      listener: TrainListener = new TrainListener {},
      checkpoints: Option[FitCheckpoints] = None
  ): Fit = new Fit(steps, plan, 2, checkpoints, Seq(listener))

  /** What came between rounds of 3 steps, each of which is `.`. */
  private def pauses(plan: FitPlan): String = {
    val steps = new FakeSteps
    fit(steps, plan.copy(tau = 3)).run()
    steps.calls
      .filterNot(Set("broadcast", "average"))
      .map(call => if (call.startsWith("train")) "." else call)
      .mkString(" ")
  }

  "A Fit" should "do one thing after the other, and say which" taggedAs Unit in {
    val steps = new FakeSteps
    val plan = FitPlan(2, 2, tests = FitPlan.every(2), snapshots = FitPlan.every(1), prefix = "p")
    val run = fit(steps, plan)
    val events = Seq.fill(6)(run.next())
    val Seq(RoundDone(first), SnapshotDone(files), RoundDone(second), test, _, FitOver) = events
    assert(first.iteration == 2 && files.toSeq == Seq("p_2") && second.iteration == 4)
    assert(test == TestDone(4, Collections.singletonMap("iteration", 4f)))
    assert(run.next() == FitOver)
    val round = Seq("broadcast", "train 2", "average")
    assert(
      steps.calls == round ++ Seq("snapshot p 2") ++ round ++ Seq("test 4", "snapshot p 4")
    )
  }

  it should "hide Spark's bars while ours is there" taggedAs Unit in {
    val steps = new FakeSteps
    fit(steps, FitPlan(1, 1), new ConsoleProgress(1, terminal = false)).run()
    assert(steps.calls == Seq("hide bars", "broadcast", "train 1", "average", "show bars"))
    val failing = new FakeSteps
    failing.failing = true
    val plan = FitPlan(1, 1, tests = FitPlan.before(1))
    val run = fit(failing, plan, new ConsoleProgress(1, terminal = false))
    intercept[IllegalStateException](run.run())
    assert(failing.calls == Seq("hide bars", "show bars"))
  }

  it should "test and keep weights when that is due" taggedAs Unit in {
    val plan = FitPlan(1, 5)
    assert(pauses(plan) == ". . . . .")
    assert(pauses(plan.copy(tests = FitPlan.every(2))) == ". . test 6 . . test 12 .")
    assert(pauses(plan.copy(tests = FitPlan.before(2))) == "test 0 . . test 6 . . test 12 .")
    assert(
      pauses(plan.copy(tests = FitPlan.around(2))) == "test 0 . . test 6 . . test 12 . test 15"
    )
    assert(pauses(plan.copy(rounds = 4, tests = FitPlan.before(4))) == "test 0 . . . .")
    assert(pauses(plan.copy(rounds = 0, tests = FitPlan.around(4))) == "test 0")
    for (when <- Seq(FitPlan.every _, FitPlan.before _, FitPlan.around _))
      assert(pauses(plan.copy(tests = when(0))) == ". . . . .")
    val solvers = SnapshotPlan(4, "p")
    val due: FitPlan.When = pause => solvers.due(pause.before, pause.iteration)
    assert(
      pauses(plan.copy(snapshots = due, prefix = "p")) ==
        ". . snapshot p 6 . snapshot p 9 . snapshot p 12 ."
    )
  }

  it should "end when so many images have been trained on" taggedAs Unit in {
    // 30 a round.
    assert(pauses(FitPlan(1, images = 60)) == ". .")
    assert(pauses(FitPlan(1, images = 60.1)) == ". . .")
    assert(pauses(FitPlan(1, images = 0)) == "")
    assert(pauses(FitPlan(1, images = Double.NaN)) == "")
    assert(pauses(FitPlan(1, rounds = 1, images = 60)) == ".")
  }

  it should "do a round again that came to nothing" taggedAs Unit in {
    val steps = new FakeSteps(lost = Set(2, 3))
    var told = Vector.empty[RoundResult]
    val listener = new TrainListener {
      override def onRound(result: RoundResult): Unit = told :+= result
    }
    fit(steps, FitPlan(2, images = 60), listener).run()
    assert(steps.calls.count(_ == "average") == 5 && steps.iteration == 6)
    assert(told.map(_.iteration) == Seq(2, 4, 6) && told.map(_.round) == Seq(1, 2, 3))
  }

  it should "give up a round that comes to nothing again and again" taggedAs Unit in {
    val steps = new FakeSteps(lost = Set(2, 3, 5, 6, 7))
    val run = fit(steps, FitPlan(1, 9))
    for (_ <- 1 to 2) assert(run.next().isInstanceOf[RoundDone])
    val refused = intercept[CaffeException](run.next())
    assert(refused.getCodeName == "STATE" && refused.getMessage.contains("3 times in a row"))
    assert(steps.calls.count(_ == "average") == 7)
  }

  it should "tell what begins and what is done, and return the last scores" taggedAs Unit in {
    var told = Vector.empty[String]
    val listener = new TrainListener {
      override def onBegin(step: String, round: Int): Unit = told :+= s"$step $round"
      override def onRound(result: RoundResult): Unit = told :+= s"round ${result.round}"
      override def onTest(i: Int, s: JavaMap[String, java.lang.Float]): Unit = told :+= s"tested $i"
      override def onSnapshot(files: Array[String]): Unit = told :+= files.head
    }
    val plan = FitPlan(4, 1, tests = FitPlan.around(1), snapshots = FitPlan.every(1), prefix = "p")
    assert(fit(new FakeSteps, plan, listener).run().get("iteration") == 4f)
    assert(
      told == Seq("test 0", "tested 0", "broadcast 0", "train 0", "average 0", "round 1") ++
        Seq("test 1", "tested 4", "snapshot 1", "p_4")
    )
    assert(fit(new FakeSteps, FitPlan(4, 1)).run().isEmpty)
  }

  it should "do what failed when it is asked again" taggedAs Unit in {
    val steps = new FakeSteps
    steps.failing = true
    val run = fit(steps, FitPlan(1, 1, tests = FitPlan.before(1)))
    intercept[IllegalStateException](run.next())
    steps.failing = false
    assert(run.next().isInstanceOf[TestDone] && run.next().isInstanceOf[RoundDone])
  }

  it should "keep checkpoints, and go on from the last one" taggedAs Unit in {
    val steps = new FakeSteps
    var found = Option.empty[FitState]
    var written = Vector.empty[FitState]
    val checkpoints = Some(new FitCheckpoints {
      override def resume(): Option[FitState] = found
      override def write(state: FitState): String = {
        written :+= state
        s"place ${state.rounds}"
      }
    })
    val plan =
      FitPlan(1, 5, tests = FitPlan.around(5), checkpoints = Some(CheckpointPlan("c", 2, 3)))
    val run = fit(steps, plan, checkpoints = checkpoints)
    val events = Iterator.continually(run.next()).takeWhile(_ != FitOver).toSeq
    assert(events.head == Resumed(0, 0, 0) && events(1).isInstanceOf[TestDone])
    assert(events.collect { case CheckpointDone(p) => p } == Seq("place 2", "place 4", "place 5"))
    assert(written == Seq(FitState(2, 20), FitState(4, 40), FitState(5, 50)))
    assert(events.last == CheckpointDone("place 5")) // after the test
    found = Some(FitState(4, 40))
    written = Vector.empty
    val rest = fit(new FakeSteps, plan, checkpoints = checkpoints)
    val after = Iterator.continually(rest.next()).takeWhile(_ != FitOver).toSeq
    assert(after.head == Resumed(0, 4, 40) && after.count(_.isInstanceOf[RoundDone]) == 1)
    assert(written == Seq(FitState(5, 50)))
    found = Some(FitState(5, 50))
    val none = fit(new FakeSteps, plan, checkpoints = checkpoints)
    assert(none.next() == Resumed(0, 5, 50) && none.next() == FitOver)
    found = Some(FitState(2, 20))
    written = Vector.empty
    val ended = fit(new FakeSteps, plan, checkpoints = checkpoints)
    assert(ended.next() == Resumed(0, 2, 20) && ended.next().isInstanceOf[RoundDone])
    ended.stop()
    assert(ended.next().isInstanceOf[TestDone] && ended.next() == CheckpointDone("place 3"))
    assert(ended.next() == FitOver && written == Seq(FitState(3, 30, stopped = true)))
    // Also where a checkpoint was written before it was stopped.
    val late = fit(new FakeSteps, plan.copy(tests = FitPlan.never), checkpoints = checkpoints)
    found = None
    for (_ <- 1 to 4) late.next()
    assert(written.last == FitState(2, 20))
    late.stop()
    assert(late.next() == CheckpointDone("place 2") && late.next() == FitOver)
    found = Some(FitState(2, 20, stopped = true))
    assert(written.last == found.get)
    found = written.headOption
    val again = fit(new FakeSteps, plan, checkpoints = checkpoints)
    assert(again.next() == Resumed(0, 3, 30) && again.next() == FitOver)
  }

  it should "end as after its last round when it is stopped" taggedAs Unit in {
    val plan = FitPlan(1, 9, tests = FitPlan.every(2), snapshots = _.over, prefix = "p")
    for (stopsAfter <- Seq("round 2", "test", "round 3")) {
      val steps = new FakeSteps
      val listener = new TrainListener {
        private var run = Option.empty[Fit]
        override def onStart(fit: Fit): Unit = run = Some(fit)
        override def onRound(result: RoundResult): Unit =
          if (stopsAfter == s"round ${result.round}") run.get.stop()
        override def onTest(i: Int, s: JavaMap[String, java.lang.Float]): Unit =
          if (stopsAfter == "test") run.get.stop()
        override def onEnd(): Unit = steps.calls :+= "end"
      }
      val done = fit(steps, plan, listener)
      done.run()
      assert(done.next() == FitOver) // and nothing ends twice
      val rounds = if (stopsAfter == "round 3") 3 else 2
      val last = Seq(s"snapshot p $rounds", "end")
      assert(steps.calls.count(_ == "train 1") == rounds && done.rounds == rounds)
      assert(steps.calls.count(_ == "test 2") == 1 && steps.calls.takeRight(2) == last, stopsAfter)
    }
  }

  it should "take other steps in the rounds to come" taggedAs Unit in {
    val steps = new FakeSteps
    val run = fit(steps, FitPlan(2, 3, tests = FitPlan.reaching(5)))
    run.next()
    run.setTau(4)
    assert(run.tau == 4)
    val refused = intercept[CaffeException](run.setTau(0))
    assert(refused.getCodeName == "INVALID_ARGUMENT" && refused.getMessage.contains("not 0"))
    run.run()
    assert(
      steps.calls.filterNot(Set("broadcast", "average")) ==
        Seq("train 2", "train 4", "test 6", "train 4", "test 10")
    )
  }

  it should "end where the counter shall be, with a shorter round if need be" taggedAs Unit in {
    assert(pauses(FitPlan(1, iterations = 6)) == ". .")
    val steps = new FakeSteps
    steps.steps = 5
    fit(steps, FitPlan(4, iterations = 11)).run()
    assert(steps.calls.filter(_.startsWith("train")) == Seq("train 4", "train 2"))
    fit(steps, FitPlan(4, iterations = 11)).run()
    assert(steps.iteration == 11)
  }
}
