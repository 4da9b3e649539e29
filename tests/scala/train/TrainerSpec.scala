package sparknet.train

import java.io.IOException
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.{CountDownLatch, CyclicBarrier, TimeUnit}

import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration._
import scala.concurrent.{Await, Future}

import org.apache.spark.SparkException
import org.apache.spark.storage.StorageLevel
import org.scalatest.flatspec.AnyFlatSpec

import sparknet.data.{BadRecord, Block, Dataset, Encoded, Preprocessing}
import sparknet.jna.CaffeException
import support.Closing.using
import support.{SparkTag, Temporary}

class TrainerSpec extends AnyFlatSpec with FakeTrainers {

  "A Trainer" should "average what the workers reach from the weights it sends" taggedAs SparkTag in
    using(trainer(2)) { t =>
      t.setTrainData(dataset(Seq(1, 1, 1), Seq(5, 5, 5)))
      t.broadcast(Array(10f, 20f, 0f))
      val round = t.train(3)
      assert(round.loss == 3f && round.images == 12 && round.workers == 2)
      assert(round.round == 1 && round.iteration == 3)
      assert(t.iteration == 0 && t.weights.sameElements(Array(10f, 20f, 0f)))
      // Worker 0: 10 + 3 * 1, worker 1: 10 + 3 * 5.
      assert(averaged(t).sameElements(Array(19f, 23f, 3f)))
      assert(t.iteration == 3)
    }

  it should "send weights by itself where that was not asked for" taggedAs SparkTag in
    using(trainer(1)) { t =>
      t.setTrainData(dataset(Seq(2, 2)))
      t.train(1)
      t.average()
      t.train(1)
      assert(averaged(t).sameElements(Array(4f, 2f, 2f)))
    }

  it should "let an empty partition weigh nothing" taggedAs SparkTag in using(trainer(3)) { t =>
    t.setTrainData(dataset(Seq(1, 1), Seq(), Seq(4, 4)))
    val round = t.train(2)
    assert(round.workers == 2 && round.images == 8 && round.loss == 2.5f)
    assert(averaged(t).sameElements(Array(5f, 2f, 2.5f)))
  }

  it should "tell workers the counter, and go through all data before any item comes again" taggedAs
    SparkTag in using(trainer(2)) { t =>
      val items = (0 until 10).map(_.toFloat)
      t.setTrainData(dataset(items, items.map(_ + 100)))
      for (_ <- 1 to 5) { t.train(2); t.average() }
      for (own <- Seq(items, items.map(_ + 100))) {
        val steps = FakeModel.seen.filter(step => own.contains(step.items.head))
        assert(steps.map(_.iteration) == (0 until 10))
        val order = steps.flatMap(_.items)
        assert(order.take(10).sorted == own && order.drop(10).sorted == own)
        assert(order.take(10) != own && order.take(10) != order.drop(10))
      }
    }

  it should "send workers through several partitions each, read from disk" taggedAs SparkTag in {
    val items = (0 until 40).map(_.toFloat)
    val blocks = items.grouped(5).map(v => new Block(Array(1), v.toArray, null, v.toArray)).toSeq
    val data =
      Dataset(sc.parallelize(blocks, 8), Array(1), StorageLevel.DISK_ONLY, maxBadShare = 0)
    using(trainer(2)) { t =>
      t.setTrainData(data)
      for (_ <- 1 to 4) { t.train(5); t.average() }
      // Each worker has four partitions, and has been through them twice.
      assert(FakeModel.seen.flatMap(_.items).sorted == (items ++ items).sorted)
    }
  }

  it should "tell which images a round and a test left out" taggedAs SparkTag in {
    val stream = getClass.getResourceAsStream("/images/rgb.jpg")
    val good =
      try stream.readAllBytes()
      finally stream.close()
    // A header that is in order, and nothing behind it.
    val images = Array.fill(4)(good) :+ good.take(good.length - 40)
    val block = Block.ofImages(
      Array(3, 1, 1),
      Array.fill(5)(1f),
      Encoded(images, Array("a", "b", "c", "d", "broken"))
    )
    val data = Dataset(sc.parallelize(Seq(block), 1), Array(3, 1, 1), StorageLevel.NONE, 1)
    val said = saying {
      using(trainer(1, new FakeModel(itemShape = Array(3, 1, 1)))) { t =>
        t.setTrainData(data)
        t.setTestData(data)
        // More than one pass over the four good ones. Met once or more: the feed reads ahead.
        assert(t.train(3).leftOut.names(BadRecord.corruptImage).toSet == Set("broken"))
        t.average()
        t.test()
      }
    }
    assert(said.contains("WARN test: 1 record left out: 1 corrupt image (broken)"))
    assert(said.matches("(?s).*WARN round 1: .* corrupt image \\(broken.*"))
    assert(said.contains("INFO workers: 1, executors that train: 1, threads of each net: "))
  }

  it should "do the same again for the same seed, in rounds of any length" taggedAs SparkTag in {
    def order(taus: Int*): Seq[Float] = using(trainer(1)) { t =>
      FakeModel.reset()
      t.setTrainData(dataset((0 until 7).map(_.toFloat)))
      for (tau <- taus) { t.train(tau); t.average() }
      FakeModel.seen.flatMap(_.items)
    }
    val once = order(3, 3)
    assert(once.length == 12)
    assert(order(3, 3) == once && order(6) == once && order(1, 5) == once)
  }

  it should "let what is random in a net begin anew with each turn of a worker" taggedAs SparkTag in {
    def seeds(): Seq[Seq[Long]] = using(trainer(2)) { t =>
      FakeModel.reset()
      t.setTrainData(dataset(Seq(1, 1), Seq(5, 5)))
      for (_ <- 1 to 2) { t.train(3); t.average() }
      for (item <- Seq(1f, 5f)) yield FakeModel.seen.filter(_.items.head == item).map(_.turnSeed)
    }
    val first = seeds()
    assert(first.forall(s => s.length == 6 && s.take(3).distinct.length == 1))
    assert(first.flatMap(_.distinct).distinct.length == 4) // two workers, two turns each
    assert(seeds() == first)
  }

  it should "count iter_size minibatches for an iteration" taggedAs SparkTag in
    using(trainer(1, new FakeModel(batch = 2, iterSize = 3))) { t =>
      t.setTrainData(dataset((0 until 12).map(_.toFloat)))
      assert(t.train(1).images == 6)
      t.average()
      t.train(1)
      assert(FakeModel.seen.flatMap(_.items).sorted == (0 until 12).map(_.toFloat))
    }

  it should "keep each worker's net between rounds and free it in the end" taggedAs SparkTag in {
    using(trainer(2)) { t =>
      t.setTrainData(dataset(Seq(1, 1), Seq(5, 5)))
      val fresh = for (_ <- 1 to 4) yield {
        val round = t.train(1)
        t.average()
        round.newNets
      }
      assert(fresh == Seq(2, 0, 0, 0))
      assert(FakeModel.made.get == 2 && FakeModel.closed.get == 0)
      val netsOf = FakeModel.seen.groupBy(_.items.head).values.map(_.map(_.net).distinct.length)
      assert(netsOf.forall(_ == 1))
      assert(FakeModel.seen.map(_.seed).toSet == Set(7L, 8L))
    }
    assert(FakeModel.closed.get == 2)
  }

  it should "give means over all test items, the last minibatch being smaller" taggedAs SparkTag in
    using(trainer(2)) { t =>
      t.setWeights(Array(3f, 0f, 0f))
      t.setTestData(dataset(Seq(1, 2, 3, 4, 5), Seq(9)))
      val scores = t.test()
      assert(scores.get("mean") == 4f && scores.get("weight") == 3f && scores.size == 2)
    }

  it should "deal data out anew when its partitions are not the workers'" taggedAs SparkTag in
    using(trainer(2, new FakeModel(batch = 1))) { t =>
      t.setTrainData(dataset((0 until 6).map(_.toFloat)))
      val round = t.train(3)
      assert(round.workers == 2)
      assert(FakeModel.seen.flatMap(_.items).sorted == (0 until 6).map(_.toFloat))
    }

  it should "refuse steps out of order" taggedAs SparkTag in {
    val t = trainer(1)
    assert(failure(t.average()).getMessage.contains("call train first"))
    assert(failure(t.train(1)).getMessage.contains("setTrainData"))
    assert(failure(t.test()).getMessage.contains("setTestData"))
    t.setTrainData(dataset(Seq(1, 1)))
    t.train(1)
    for (step <- Seq(() => t.train(1), () => t.broadcast(), () => t.snapshot("p")))
      assert(failure(step()).getMessage.contains("call average()"))
    t.setWeights(new Array[Float](3)) // drops the round
    t.train(1)
    assert(failure(t.train(0)).getCodeName == "INVALID_ARGUMENT")
    t.close()
    t.close()
    val closed = failure(t.train(1))
    assert(closed.getCodeName == "STATE" && closed.getMessage.contains("closed"))
  }

  it should "say that there is no test net" taggedAs SparkTag in
    using(trainer(1, new FakeModel(testNet = false))) { t =>
      val refused = failure(t.test())
      assert(refused.getCodeName == "STATE" && refused.getMessage.contains("no test net"))
    }

  it should "refuse data that do not suit the net" taggedAs SparkTag in
    using(trainer(1, new FakeModel(numClasses = Some(3)))) { t =>
      def labelled(label: Float) = Dataset.fromFloatExamples(
        sc.parallelize(Seq((Array(1f), 0), (Array(2f), label.toInt)), 1),
        Array(1)
      )
      val label = failure(t.setTrainData(labelled(3)))
      assert(label.getCodeName == "NUMERIC")
      assert(label.getMessage.contains("label 3.0 of record 1 of partition 0"))
      t.setTrainData(labelled(2))
      val pairs = Dataset.fromFloatExamples(sc.parallelize(Seq((Array(1f, 2f), 0)), 1), Array(2))
      val shape = failure(t.setTrainData(pairs))
      assert(shape.getCodeName == "SHAPE" && shape.getMessage.contains("'data'"))
      assert(failure(t.setTrainData(dataset(Seq()))).getMessage.contains("empty"))
    }

  it should "turn a worker's failure into one exception and keep weights and counter" taggedAs
    SparkTag in using(trainer(2)) { t =>
      t.setTrainData(dataset(Seq(1, 1), Seq(2, 2)))
      t.train(2)
      val weights = averaged(t)
      t.setTrainData(dataset(Seq(1, 1), Seq(666, 666)))
      val step = intercept[TrainingException](t.train(2))
      assert(step.getCodeName == "NUMERIC")
      assert(step.getMessage.contains("worker 1") && step.getMessage.contains("iteration 2"))
      assert(step.getMessage.contains("label 666"))
      t.setTrainData(dataset(Seq(667, 667), Seq(1, 1)))
      val loss = intercept[TrainingException](t.train(2))
      assert(loss.getCodeName == "NUMERIC" && loss.getMessage.contains("Infinity"))
      // Three times that is more than a float has.
      t.setTrainData(dataset(Seq(1.7e38f, 1.7e38f), Seq(1, 1)))
      val grown = intercept[TrainingException](t.train(3))
      assert(grown.getCodeName == "NUMERIC" && grown.getMessage.contains("in iteration 5: "))
      assert(grown.getMessage.contains("the weights of layer 'sum' are no longer finite"))
      assert(t.iteration == 2 && t.weights.sameElements(weights))
      t.setTrainData(dataset(Seq(1, 1), Seq(2, 2)))
      t.train(2)
      t.average()
      assert(t.iteration == 4)
    }

  it should "name what a preprocessing function threw" taggedAs SparkTag in using(trainer(1)) { t =>
    t.setTrainData(
      dataset(Seq(1, 1)),
      (_: Array[Float]) => throw new IllegalStateException("no such thing")
    )
    val thrown = intercept[TrainingException](t.train(1))
    assert(thrown.getCodeName == "CALLBACK")
    assert(thrown.getMessage.contains("IllegalStateException: no such thing"))
    assert(thrown.getMessage.contains("TrainerSpec.scala"))
  }

  it should "apply preprocessing to each item" taggedAs SparkTag in using(trainer(1)) { t =>
    t.setTrainData(dataset(Seq(1, 1)), (item: Array[Float]) => item(0) += 5)
    assert(t.train(1).loss == 6f)
  }

  it should "show both layouts when they differ" taggedAs SparkTag in
    using(trainer(1, new FakeModel(workerLayout = FakeModel.otherLayout))) { t =>
      t.setTrainData(dataset(Seq(1, 1)))
      val refused = intercept[TrainingException](t.train(1))
      assert(refused.getCodeName == "SHAPE")
      assert(refused.getMessage.contains("sum[0] 2, count[0] 1"))
      assert(refused.getMessage.contains("sum[0] 3"))
    }

  it should "refuse weights of another length" taggedAs SparkTag in using(trainer(1)) { t =>
    val refused = failure(t.setWeights(new Array[Float](4)))
    assert(refused.getCodeName == "SHAPE" && refused.getMessage.contains("has 3"))
  }

  it should "let Spark deal with storage that fails, as often as it was told" taggedAs SparkTag in {
    val failing = new AtomicInteger
    TrainerSpec.failing = failing
    val items = sc.parallelize(Seq(1f, 2f), 1).map { v =>
      if (TrainerSpec.failing.getAndDecrement() > 0) throw new IOException("connection reset")
      new Block(Array(1), Array(1f), null, Array(v))
    }
    val data = Dataset(items, Array(1), StorageLevel.NONE, maxBadShare = 0)
    using(trainer(1)) { t =>
      t.setTrainData(data)
      failing.set(3) // here Spark runs no task a second time by itself
      assert(t.train(1).images == 2)
    }
    using(trainer(1)) { t =>
      t.setTrainData(data)
      failing.set(Int.MaxValue)
      // Had the failure been taken for a result, it would be ours.
      val failed = intercept[SparkException](t.train(1))
      assert(failed.getCause.isInstanceOf[IOException], failed)
      failing.set(0)
      assert(t.train(1).images == 2)
    }
  }

  it should "end a wait for data that never come" taggedAs SparkTag in {
    val items = sc.parallelize(Seq(1f, 2f, 3f, 4f), 2).map { v =>
      if (v > 1)
        while (TrainerSpec.answer.getCount > 0)
          try TrainerSpec.answer.await()
          catch { case _: InterruptedException => () }
      new Block(Array(1), Array(1f), null, Array(v))
    }
    val data = Dataset(items, Array(1), StorageLevel.NONE, maxBadShare = 0)
    data.count()
    try {
      using(trainer(2)) { t =>
        t.setTrainData(data)
        TrainerSpec.answer = new CountDownLatch(1)
        for (_ <- 1 to 2) {
          val waiting = Future(t.train(3))
          while (FakeModel.made.get < 2) Thread.sleep(10)
          Thread.sleep(300) // hosts wait now
          t.cancel()
          assertThrows[Cancelled](Await.result(waiting, 30.seconds))
        }
        TrainerSpec.answer.countDown()
        assert(t.train(1).images == 4) // data that come after all
      }
      using(trainer(2)) { t =>
        t.setTrainData(data)
        TrainerSpec.answer = new CountDownLatch(1)
        val waiting = Future(t.train(3))
        while (FakeModel.made.get < 4) Thread.sleep(10)
        Thread.sleep(300)
        t.close()
        assertThrows[CaffeException](Await.result(waiting, 30.seconds))
        // Both slots are free although nothing has come.
        sc.parallelize(1 to 2, 2).foreach { _ =>
          TrainerSpec.meeting.await(30, TimeUnit.SECONDS)
          ()
        }
        assert(!TrainerSpec.meeting.isBroken)
      }
    } finally TrainerSpec.answer.countDown()
  }

  it should "stop a round that is running when it is closed" taggedAs SparkTag in {
    val t = trainer(2)
    val slow: Preprocessing = _ => Thread.sleep(5)
    t.setTrainData(dataset(Seq(1, 1), Seq(3, 3)), slow)
    // Far more steps than could end before the test does.
    val round = Future(intercept[CaffeException](t.train(1000000)))
    while (FakeModel.steps.isEmpty) Thread.sleep(1)
    t.close()
    val ended = Await.result(round, 1.minute)
    assert(ended.getCodeName == "STATE" && ended.getMessage.contains("closed"))
    // Both tasks end between two steps, and their nets are closed when they come back.
    while (FakeModel.closed.get < FakeModel.made.get) Thread.sleep(1)
    val steps = FakeModel.steps.size
    Thread.sleep(100)
    assert(FakeModel.steps.size == steps)
  }

  it should "tell what portions the workers have" taggedAs SparkTag in using(trainer(2)) { t =>
    assert(t.trainPortions.isEmpty && t.testPortions.isEmpty)
    t.setTrainData(dataset(Seq(1, 1, 1), Seq(1, 1), Seq(1)))
    t.setTestData(dataset(Seq(1, 1, 1, 1), Seq(1)))
    assert(t.trainPortions.toSeq == Seq(3, 3) && t.testPortions.toSeq == Seq(4, 1))
  }

  it should "end a run that is cancelled between two steps" taggedAs SparkTag in
    using(trainer(1)) { t =>
      t.setTrainData(dataset(Seq(1, 1)))
      val cancelling = new TrainListener {
        override def onBegin(step: String, round: Int): Unit =
          if (step == "train" && round == 1) t.cancel()
      }
      val run = t.fit(FitPlan(2, 5), cancelling)
      assert(run.next().isInstanceOf[RoundDone])
      for (_ <- 1 to 2) intercept[Cancelled](run.next())
      assert(t.iteration == 2 && FakeModel.seen.length == 2)
      assert(t.train(1).iteration == 3 && t.average())
      assert(t.fit(FitPlan(1, 1), new TrainListener {}).next().isInstanceOf[RoundDone])
    }

  it should "end what runs when all jobs of the application are cancelled" taggedAs SparkTag in
    using(trainer(2)) { t =>
      t.setTrainData(dataset(Seq(1, 1), Seq(3, 3)))
      val run = t.fit(FitPlan(1))
      val ended = Future(intercept[Cancelled](while (run.next() != FitOver) ()))
      while (FakeModel.steps.size < 10) Thread.sleep(1)
      sc.cancelAllJobs()
      Await.result(ended, 1.minute)
      intercept[Cancelled](run.next())
      t.broadcast(t.weights) // drops the round that was cut short, if it was
      assert(t.fit(FitPlan(1, 1)).next().isInstanceOf[RoundDone])
    }

  it should "give everything back when it is forgotten" taggedAs SparkTag in {
    def forgotten(): Long = {
      val t = trainer(2)
      t.setTrainData(dataset(Seq(1, 1), Seq(3, 3)))
      t.train(1)
      t.average()
      OpenTrainers.ids.max
    }
    val id = forgotten()
    def hosts = sc.statusTracker.getActiveJobIds().length
    val deadline = System.nanoTime + 60 * 1000000000L
    while ((OpenTrainers.ids(id) || hosts > 0) && System.nanoTime < deadline) {
      System.gc()
      Thread.sleep(50)
    }
    assert(!OpenTrainers.ids(id) && hosts == 0)
  }

  it should "run rounds, tests and snapshots in fit" taggedAs SparkTag in Temporary.folder {
    folder =>
      using(trainer(2, plan = SnapshotPlan(4, s"$folder/net"))) { t =>
        t.setTrainData(dataset(Seq(1, 1), Seq(3, 3)))
        t.setTestData(dataset(Seq(1), Seq(2)))
        var told = Vector.empty[String]
        val listener = new TrainListener {
          override def onRound(r: RoundResult): Unit = told :+= s"round ${r.round}"
          override def onTest(i: Int, s: java.util.Map[String, java.lang.Float]): Unit =
            told :+= s"test $i"
          override def onSnapshot(files: Array[String]): Unit = told :+= files.head
        }
        assert(t.fit(3, 2, 2, listener).get("weight") == 12f)
        assert(
          told == Vector(
            "test 0",
            "round 1",
            "round 2",
            "test 4",
            s"$folder/net 4",
            "round 3",
            "test 6"
          )
        )
      }
  }
}

object TrainerSpec {

  /** How often what reads it fails yet; tests and tasks share this JVM. */
  @volatile var failing = new AtomicInteger

  /** What reading some items waits for. */
  @volatile var answer = new CountDownLatch(0)

  /** Where two tasks meet. */
  val meeting = new CyclicBarrier(2)
}
