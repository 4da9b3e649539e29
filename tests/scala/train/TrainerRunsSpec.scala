package sparknet.train

import java.nio.file.Path

import org.scalatest.BeforeAndAfterEach
import org.scalatest.flatspec.AnyFlatSpec
import support.Closing.using
import support.{LocalSpark, SparkTag, Temporary}

import sparknet.data.Dataset
import sparknet.jna.CaffeException

/** Runs that listeners change, on a trainer whose nets are fakes. */
class TrainerRunsSpec extends AnyFlatSpec with BeforeAndAfterEach {
  private lazy val sc = LocalSpark.context

  override def beforeEach(): Unit = FakeModel.reset()

  private def trained[T](use: Trainer => T): T =
    using(new Trainer(sc, new FakeModel, 1, 7, SnapshotPlan.none, TrainerOptions())) { t =>
      val ones = Dataset.fromFloatExamples(sc.parallelize(Seq.fill(4)((Array(1f), 1)), 1), Array(1))
      t.setTrainData(ones)
      t.setTestData(ones)
      use(t)
    }

  private def events(run: Fit): Seq[FitEvent] =
    Iterator.continually(run.next()).takeWhile(_ != FitOver).toSeq

  "A run" should "take the rate and the steps that a listener sets" taggedAs SparkTag in trained {
    t =>
      val listener = new TrainListener {
        private var run = Option.empty[Fit]
        override def onStart(fit: Fit): Unit = run = Some(fit)
        override def onRound(result: RoundResult): Unit = {
          run.get.setTau(result.round + 1)
          run.get.setLearningRate(if (result.round == 2) None else Some(0.5f))
        }
      }
      t.fit(FitPlan(1, 3), listener).run()
      assert(
        FakeModel.seen.map(_.rate) ==
          Seq(None) ++ Seq.fill(2)(Some(0.5f)) ++ Seq.fill(3)(None)
      )
      assert(t.learningRate == 0.5f)
      for (wrong <- Seq(-1f, Float.NaN, Float.PositiveInfinity)) {
        val refused = intercept[CaffeException](t.setLearningRate(Some(wrong)))
        assert(refused.getCodeName == "INVALID_ARGUMENT" && refused.getMessage.contains(s"$wrong"))
      }
      assert(t.learningRate == 0.5f)
  }

  it should "leave the trainer usable when a listener throws" taggedAs SparkTag in trained { t =>
    val listener = new TrainListener {
      override def onRound(result: RoundResult): Unit = throw new IllegalStateException("enough")
    }
    val run = t.fit(FitPlan(2, 3), listener)
    assert(intercept[IllegalStateException](run.run()).getMessage == "enough")
    assert(t.iteration == 2)
    t.fit(FitPlan(2, 1)).run()
    assert(t.iteration == 4)
  }

  // The second weight counts steps; a test gives the first one, which does, too.
  it should "end with its best weights" taggedAs SparkTag in trained { t =>
    val plan = FitPlan(2, 9, tests = FitPlan.every(1))
    val best = new BestWeights("weight", 0, "min")
    val early = new EarlyStopping("weight", 2, 0, "min")
    t.fit(plan, best, early).run()
    assert(best.bestIteration == 2 && best.best == 2f && early.hasStopped)
    assert(t.iteration == 6 && t.weights.sameElements(Array(2f, 2f, 1f)))
    val none = new BestWeights("no such output", 0, "max")
    assert(intercept[CaffeException](t.fit(plan, none).run()).getMessage.contains("mean, weight"))
  }

  it should "stay stopped, and keep its rate, where it goes on from a checkpoint" taggedAs
    SparkTag in Temporary.folder { folder: Path =>
      val plan = FitPlan(1, 5, checkpoints = Some(CheckpointPlan(s"$folder/c", 1, 2)))
      trained { t =>
        t.setLearningRate(Some(0.25f))
        val run = t.fit(plan)
        for (_ <- 1 to 3) run.next()
      }
      trained { t =>
        val run = t.fit(plan)
        assert(run.next() == Resumed(1, 1, 2) && t.learningRate == 0.25f)
        assert(run.next().isInstanceOf[RoundDone])
        t.setLearningRate(None)
        run.stop()
        assert(events(run).map(_.getClass) == Seq(classOf[CheckpointDone]))
      }
      trained { t =>
        assert(events(t.fit(plan)) == Seq(Resumed(2, 2, 4)))
        assert(t.learningRate == 1f / 3)
      }
    }
}
