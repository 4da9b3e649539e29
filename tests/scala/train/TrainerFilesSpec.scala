package sparknet.train

import java.nio.file.Files

import org.scalatest.flatspec.AnyFlatSpec

import support.Closing.using
import support.{SparkTag, Temporary}

/** What trainers write to files, and take from them. */
class TrainerFilesSpec extends AnyFlatSpec with FakeTrainers {

  "A Trainer" should "snapshot the workers' mean momentum, and start from it after a restore" taggedAs
    SparkTag in using(trainer(2)) { t =>
      t.setTrainData(dataset(Seq(1, 1), Seq(3, 3)))
      assert(t.snapshot("p").toSeq == Seq("p 0", "0.0,0.0,0.0", "none"))
      t.train(4)
      t.average()
      assert(t.snapshot("p").toSeq == Seq("p 4", "8.0,4.0,2.0", "4.0,0.0,0.0"))
      assert(t.restore("state") == "state: all")
      assert(t.iteration == 40 && t.weights.sameElements(Array(5f, 6f, 7f)))
      assert(t.snapshot("p")(2) == "100.0,0.0,0.0")
      t.train(1)
      t.average()
      t.train(1)
      t.average()
      assert(t.snapshot("p").toSeq == Seq("p 42", "9.0,8.0,2.0", "102.0,0.0,0.0"))
      assert(t.loadWeights("model") == "model: some")
      assert(t.weights.sameElements(Array(10f, 9f, 3f)))
    }

  it should "say whose momentum is lost, and take that of the others" taggedAs SparkTag in
    using(trainer(2)) { t =>
      t.setTrainData(dataset(Seq(1, 1), Seq(3, 3)))
      def round(): Unit = { t.train(4); t.average(); () }
      round()
      round()
      lose(worker = 0)
      round()
      val said = saying(assert(t.snapshot("p")(2) == "12.0,0.0,0.0"))
      assert(said.contains("the momentum of worker 0 was lost with its executor"))
      assert(said.contains("the mean of the other 1"))
      assert(saying(t.snapshot("p")) == "") // that is known
      lose(worker = 1)
      round()
      val both = saying(assert(t.snapshot("p")(2) == "6.0,0.0,0.0")) // of 8 and 4 steps
      assert(both.contains("momentum of workers 0, 1") && both.contains("gathered since"))
      for (worker <- 0 to 1) lose(worker)
      t.restore("state") // all have it again
      round()
      assert(saying(assert(t.snapshot("p")(2) == "104.0,0.0,0.0")) == "")
    }

  it should "say before it trains that snapshots cannot be written" taggedAs SparkTag in
    Temporary.folder { folder =>
      val gone = Files.createDirectory(folder.resolve("gone"))
      using(trainer(1, plan = SnapshotPlan(4, s"$gone/net"))) { t =>
        Files.delete(gone)
        assert(failure(t.fit(1, 1, 0, new TrainListener {})).getCodeName == "IO")
        assert(failure(t.checkSnapshots(s"$gone/net")).getMessage.contains(s"no folder $gone"))
        val plan = FitPlan(1, 1, prefix = s"$gone/net")
        assert(failure(t.fit(plan, new TrainListener {})).getMessage.contains(s"no folder $gone"))
        t.checkSnapshots(s"$folder/net")
      }
      val late = failure(trainer(1, plan = SnapshotPlan(4, s"$gone/net")))
      assert(late.getCodeName == "IO" && late.getMessage.contains("every 4 iterations"))
    }

  /** Closes the net of a worker of the newest trainer, as the end of its executor would. */
  private def lose(worker: Int): Unit = {
    val id = OpenTrainers.ids.max
    val room = Aside(2, _ => fail("there is room"))
    WorkerNets.lease(id, Set(id), worker, 2, room)(fail("it has none")).end(usable = false)
  }
}
