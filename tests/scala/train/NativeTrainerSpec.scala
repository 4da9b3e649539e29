package sparknet.train

import java.util.concurrent.ConcurrentLinkedQueue

import scala.collection.JavaConverters._

import caffe.Caffe.{SolverParameter, SolverState}
import org.apache.spark.scheduler.{SparkListener, SparkListenerTaskStart, TaskLocality}
import org.scalatest.concurrent.Eventually
import org.scalatest.flatspec.AnyFlatSpec
import org.scalatest.time.SpanSugar._
import support.Closing.using
import support._

import sparknet.data._
import sparknet.io.OtherFileSystem
import sparknet.jna._

/** The trainer on the engine itself, with small nets. */
class NativeTrainerSpec extends AnyFlatSpec with OnCluster with Eventually {
  implicit override val patienceConfig: PatienceConfig =
    PatienceConfig(timeout = 30.seconds, interval = 50.millis)

  private val options = TrainerOptions(threads = 1)
  private val batch = 4

  private def net(more: String = "", classes: Int = 3): String =
    s"""name: "small"
       |layer { name: "data" type: "JavaData" top: "data"
       |  java_data_param { shape { dim: $batch dim: 2 } } }
       |layer { name: "label" type: "JavaData" top: "label"
       |  java_data_param { shape { dim: $batch dim: 1 } } }
       |layer { name: "hidden" type: "InnerProduct" bottom: "data" top: "hidden"
       |  inner_product_param { num_output: 8 weight_filler { type: "xavier" } } }
       |layer { name: "relu" type: "ReLU" bottom: "hidden" top: "hidden" }
       |$more
       |layer { name: "ip" type: "InnerProduct" bottom: "hidden" top: "ip"
       |  inner_product_param { num_output: $classes weight_filler { type: "xavier" } } }
       |layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
       |  include { phase: TEST } }
       |layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
       |""".stripMargin

  private def solver(netText: String = net(), more: String = ""): SolverParameter =
    Engine.parseSolverText(
      s"""base_lr: 0.05 lr_policy: "inv" gamma: 0.01 power: 0.75 momentum: 0.9 weight_decay: 0.001
         |random_seed: 5 solver_mode: CPU test_iter: 1 test_interval: 1000 $more
         |net_param { $netText }""".stripMargin
    )

  /** Three classes of points around the corners of a triangle. */
  private val points: IndexedSeq[(Array[Float], Int)] = {
    val random = new scala.util.Random(2)
    val corners = Seq((2f, 0f), (-1f, 2f), (-1f, -2f))
    IndexedSeq.tabulate(60) { i =>
      val (x, y) = corners(i % 3)
      (Array(x, y).map(_ + 0.4f * random.nextGaussian().toFloat), i % 3)
    }
  }

  private def averaged(t: Trainer): Array[Float] = {
    t.average()
    t.weights
  }

  private def data(partitions: Int): Dataset =
    Dataset.fromFloatExamples(sc.parallelize(points, partitions), Array(2))

  /** What the solver alone reaches on the same items. */
  private def alone(iterations: Int, items: IndexedSeq[(Array[Float], Int)]): Array[Float] =
    using(new NativeSolver(solver())) { s =>
      val order =
        new EpochWalk(Array(Array(items.length)), items.length, 0, 5).from(0).flatMap(_.order)
      s.net.setFeed { tops =>
        for (_ <- 0 until batch) {
          val (item, label) = items(order.next())
          tops(0).put(item)
          tops(1).put(label.toFloat)
        }
      }
      s.step(iterations)
      val weights = new Array[Float](s.net.weightsCount)
      s.net.readWeights(weights)
      weights
    }

  "A Trainer on the engine" should "do with one worker what the solver does alone" taggedAs
    SparkTag in using(new Trainer(sc, solver(), 1, options)) { t =>
      t.setTrainData(data(1))
      for (tau <- Seq(5, 1, 9)) { t.train(tau); t.average() }
      assert(t.iteration == 15)
      assert(t.weights.sameElements(alone(15, points)))
    }

  it should "learn on two workers, and give the same bits each time" taggedAs SparkTag in {
    val results = for (_ <- 1 to 2) yield using(new Trainer(sc, solver(), 2, options)) { t =>
      t.setTrainData(data(2))
      t.setTestData(data(2))
      val before = t.test()
      val where = new TrainListener {
        override def onRound(r: RoundResult): Unit = assert(r.executors.toSet.size == 2)
      }
      t.fit(10, 5, 0, where)
      val after = t.test()
      assert(after.get("accuracy") >= 0.95f && after.get("loss") < before.get("loss") / 3)
      t.weights
    }
    assert(results(0).sameElements(results(1)))
  }

  it should "test on all items, whatever the batch" taggedAs SparkTag in
    using(new Trainer(sc, solver(), 2, options)) { t =>
      def loss(n: Int, partitions: Int): Double = {
        t.setTestData(
          Dataset.fromFloatExamples(sc.parallelize(points.take(n), partitions), Array(2))
        )
        t.test().get("loss").toDouble
      }
      val each = (1 to 7).map(n => n * loss(n, 2))
      // Sums over items grow by the loss of the item that comes in addition, whoever has it.
      assert(each.zip(each.tail).forall { case (a, b) => b > a })
      assert(math.abs(7 * loss(7, 1) - each.last) < 1e-4)
      assert(math.abs(loss(60, 2) - loss(60, 1)) < 1e-5)
    }

  it should "place each host where it wants to be, with data to test on alone" taggedAs SparkTag in {
    val wanted = new ConcurrentLinkedQueue[TaskLocality.Value]
    val listener = new SparkListener {
      override def onTaskStart(event: SparkListenerTaskStart): scala.Unit = {
        wanted.add(event.taskInfo.taskLocality)
        ()
      }
    }
    using(new Trainer(sc, solver(), 2, options)) { t =>
      t.setTestData(data(2))
      sc.addSparkListener(listener)
      try {
        t.test()
        eventually(assert(wanted.size == 2))
        assert(wanted.asScala.forall(_ == TaskLocality.PROCESS_LOCAL))
      } finally sc.removeSparkListener(listener)
    }
  }

  it should "write snapshots that a solver and a trainer can go on from" taggedAs SparkTag in
    Temporary.folder { folder =>
      using(new Trainer(sc, solver(), 1, options)) { t =>
        t.setTrainData(data(1))
        t.train(6)
        t.average()
        val files = t.snapshot(folder.resolve("small").toString)
        assert(
          files.map(f => f.substring(f.lastIndexOf('/') + 1)).toSeq ==
            Seq("small_iter_6.caffemodel", "small_iter_6.solverstate")
        )
        using(NativeSolver.fromBytes(solver().toByteArray)) { s =>
          s.restore(files(1))
          assert(s.iteration == 6)
          val weights = new Array[Float](s.net.weightsCount)
          s.net.readWeights(weights)
          assert(weights.sameElements(t.weights))
        }
        val state = SolverState.parseFrom(
          java.nio.file.Files.readAllBytes(java.nio.file.Paths.get(files(1)))
        )
        assert(state.getIter == 6 && state.getHistoryCount == 4)
        using(new Trainer(sc, solver(), 1, options)) { other =>
          other.setTrainData(data(1))
          assert(other.restore(files(1)) == s"${files(0)}: took 2 of 2 layers")
          assert(other.iteration == 6)
          other.train(9)
          // Momentum, counter and place in the data are those of the first trainer.
          assert(averaged(other).sameElements(alone(15, points)))
        }
        val model = folder.resolve("own.caffemodel").toString
        t.saveWeights(model)
        using(new Trainer(sc, solver(), 1, options)) { other =>
          assert(other.loadWeights(model) == s"$model: took 2 of 2 layers")
          assert(other.weights.sameElements(t.weights) && other.iteration == 0)
        }
        val missing = intercept[CaffeException](t.restore(folder.resolve("none").toString))
        assert(missing.getCodeName == "IO" && missing.getMessage.contains("none"))
      }
    }

  for (format <- Seq("BINARYPROTO", "HDF5"))
    it should s"keep its snapshots on another file system, as $format" taggedAs SparkTag in
      Temporary.folder { folder =>
        sc.hadoopConfiguration.set("fs.named.impl", classOf[OtherFileSystem].getName)
        val inFormat = solver(more = s"snapshot_format: $format")
        using(new Trainer(sc, inFormat, 1, options)) { t =>
          t.setTrainData(data(1))
          t.train(6)
          t.average()
          t.checkSnapshots(s"named:$folder/run/small")
          val files = t.snapshot(s"named:$folder/run/small")
          val suffix = if (format == "HDF5") ".h5" else ""
          assert(
            files.toSeq == Seq("caffemodel", "solverstate")
              .map(kind => s"named:$folder/run/small_iter_6.$kind$suffix")
          )
          assert(folder.resolve("run").toFile.list.length == 2)
          using(new Trainer(sc, inFormat, 1, options)) { other =>
            other.setTrainData(data(1))
            other.restore(files(1))
            assert(other.iteration == 6 && other.weights.sameElements(t.weights))
            other.train(9)
            assert(averaged(other).sameElements(alone(15, points)))
          }
          val model = s"named:$folder/own.caffemodel$suffix"
          t.saveWeights(model)
          for (place <- Seq(model, s"file:$folder/own.caffemodel$suffix"))
            using(new Trainer(sc, inFormat, 1, options)) { other =>
              other.loadWeights(place)
              assert(other.weights.sameElements(t.weights))
            }
          java.nio.file.Files.delete(
            folder.resolve(s"run/small_iter_6.caffemodel$suffix")
          )
          val half = intercept[CaffeException](t.restore(files(1)))
          assert(half.getCodeName == "IO" && half.getMessage.startsWith(s"${files(0)}: there is"))
        }
      }

  /** Rounds from where the trainer is; a net with dropout, so that generators count too. */
  private def rounds(t: Trainer, n: Int): Unit =
    for (_ <- 1 to n) {
      t.train(3)
      t.average()
    }

  private val withDropout =
    """layer { name: "drop" type: "Dropout" bottom: "hidden" top: "hidden" }"""

  for (kind <- Seq("SGD", "Adam"))
    it should s"go on from a checkpoint bit for bit, with $kind" taggedAs SparkTag in
      Temporary.folder { base =>
        val param =
          if (kind == "SGD") solver(net(withDropout))
          else
            solver(net(withDropout)).toBuilder
              .setType("Adam")
              .setLrPolicy("fixed")
              .setBaseLr(0.01f)
              .build
        def plan(rounds: Int) =
          FitPlan(3, rounds, checkpoints = Some(CheckpointPlan(base.toString, 3, 2)))
        // 7 partitions for 3 workers, which take turns at 2 hosts.
        def fitted(rounds: Int*): (Int, Array[Float]) =
          using(new Trainer(sc, param, 3, options)) { t =>
            t.setTrainData(data(7))
            for (n <- rounds) t.fit(plan(n), new TrainListener {}).run()
            (t.iteration, t.weights)
          }
        val whole = using(new Trainer(sc, param, 3, options)) { t =>
          t.setTrainData(data(7))
          rounds(t, 7)
          t.weights
        }
        def isWhole(found: (Int, Array[Float])): Unit =
          assert(found._1 == 21 && found._2.sameElements(whole))
        assert(fitted(3)._1 == 9)
        isWhole(fitted(7)) // as if it had been cut off after three rounds
        isWhole(fitted(7)) // nothing is left to do
        val newest = base.resolve("iter_21/momentum-1.f32")
        val bytes = java.nio.file.Files.readAllBytes(newest)
        java.nio.file.Files.write(newest, bytes.updated(5, (bytes(5) ^ 1).toByte))
        isWhole(fitted(7)) // from the one before
        assert(fitted(7, 2)._1 == 27) // another run in the same folder
        assert(fitted(7, 4)._1 == 33) // which is gone on with: the first has nothing left to do
        using(new Trainer(sc, param, 2, options)) { other =>
          other.setTrainData(data(7))
          for (n <- Seq(7, 5)) other.fit(plan(n), new TrainListener {}).run()
          assert(other.iteration == 36)
        }
        using(new Trainer(sc, solver(net(classes = 4)), 3, options)) { other =>
          other.setTrainData(data(7))
          val refused = intercept[CaffeException](other.fit(plan(9), new TrainListener {}).run())
          assert(refused.getCodeName == "SHAPE" && refused.getMessage.contains("another net"))
        }
        for (folder <- base.toFile.listFiles)
          java.nio.file.Files.delete(folder.toPath.resolve("checkpoint.properties"))
        assert(intercept[CaffeException](fitted(9)).getMessage.contains("is whole"))
      }

  it should "send what workers have learned as bfloat16, and keep weights as floats" taggedAs
    SparkTag in {
      val wide = solver(net().replace("num_output: 8 ", "num_output: 60000 "))
      def after(rounds: Int, precision: String): (Array[Float], Array[Float]) =
        using(new Trainer(sc, wide, 3, options.copy(wirePrecision = precision))) { t =>
          t.setTrainData(data(3))
          val before = t.weights
          this.rounds(t, rounds)
          (before, t.weights)
        }
      val (start, full) = after(1, "fp32")
      val (_, half) = after(1, "bf16")
      assert(full.length > Pieces.few)
      var differing = 0
      for (i <- full.indices) {
        // Rounded twice, each time by up to 1/256 of a value; the terms may be larger than their mean.
        val learned = full(i) - start(i)
        assert(math.abs(half(i) - full(i)) <= math.abs(learned) / 32 + 2e-5, s"weight $i")
        if (half(i) != full(i)) differing += 1
      }
      assert(differing > full.length / 100)
      assert(after(4, "bf16")._2.sameElements(after(4, "bf16")._2))
    }

  private def top(name: String, dims: Int*): String =
    s"""layer { name: "$name" type: "JavaData" top: "$name" java_data_param { shape {
       |${(batch +: dims).map(d => s"dim: $d").mkString(" ")} } } }""".stripMargin

  /** Two inputs of one value, and a loss of two label values and a weight. */
  private val regression = s"""name: "regression"
       |${top("first", 1)} ${top("second", 1)} ${top("target", 2)} ${top("weight")}
       |layer { name: "both" type: "Concat" bottom: "first" bottom: "second" top: "both" }
       |layer { name: "ip" type: "InnerProduct" bottom: "both" top: "ip"
       |  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
       |layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "target" bottom: "weight"
       |  top: "loss" }
       |""".stripMargin

  it should "train on several inputs, label vectors and weights" taggedAs SparkTag in {
    val random = new scala.util.Random(6)
    val (items, labels) = (Array.fill(40)(random.nextFloat()), Array.fill(40)(random.nextFloat()))
    val weights = Array.fill(20)(random.nextInt(3).toFloat)
    val alone = using(new NativeSolver(solver(regression))) { s =>
      val order = new EpochWalk(Array(Array(20)), 20, 0, 5).from(0).flatMap(_.order)
      s.net.setFeed { tops =>
        for (_ <- 0 until batch) {
          val i = order.next()
          tops(0).put(items(2 * i))
          tops(1).put(items(2 * i + 1))
          tops(2).put(labels, 2 * i, 2)
          tops(3).put(weights(i))
        }
      }
      s.step(7)
      val reached = new Array[Float](s.net.weightsCount)
      s.net.readWeights(reached)
      reached
    }
    val block = new Block(Array(2), labels, 2, weights, null, items)
    val blocks = sc.parallelize(Seq(block), 1)
    using(new Trainer(sc, solver(regression), 1, options)) { t =>
      t.setTrainData(Dataset(blocks, Array(2), block.labelling))
      t.setTestData(Dataset(blocks, Array(2), block.labelling))
      t.train(7)
      assert(averaged(t).sameElements(alone))
      assert(t.test().get("loss") > 0)
      val plain = new Block(Array(2), labels, 2, null, null, items)
      val message = intercept[CaffeException] {
        t.setTrainData(Dataset(sc.parallelize(Seq(plain), 1), Array(2), plain.labelling))
      }.getMessage
      assert(message.contains("'target', 'weight' take 3 label values of each item"))
      assert(message.contains("the data set's come with 2 label values"))
    }
  }

  it should "tell one-hot labels, and weights that the net does not take" taggedAs SparkTag in
    using(new Trainer(sc, solver(), 1, options)) { t =>
      def message(labels: Int, weights: Array[Float], declared: Option[Labelling] = None) = {
        val block = new Block(Array(2), new Array(labels), labels, weights, null, Array(1f, 2f))
        val blocks = sc.parallelize(Seq(block), 1)
        intercept[CaffeException] {
          t.setTrainData(Dataset(blocks, Array(2), declared.getOrElse(block.labelling)))
        }.getMessage
      }
      val oneHot = message(3, null)
      assert(oneHot.contains("layer 'label' takes 1 label value of each item"))
      assert(oneHot.contains("3 label values: instead of one-hot labels give numbers of classes"))
      assert(message(0, null).contains("come with 0 label values"))
      assert(message(1, Array(1f)).contains("the data set has weights, and no JavaData layer"))
      val other = message(1, null, Some(Labelling(1, weighted = true)))
      assert(
        other.contains("partition 0: items come with 1 label value, and those of the data set")
      )
    }

  it should "say what is wrong with the data before it trains" taggedAs SparkTag in
    using(new Trainer(sc, solver(net(classes = 2)), 1, options)) { t =>
      val label = intercept[CaffeException](t.setTrainData(data(1)))
      assert(label.getCodeName == "NUMERIC" && label.getMessage.contains("0 to 1"))
      val wide =
        Dataset.fromFloatExamples(sc.parallelize(Seq((new Array[Float](3), 0)), 1), Array(3))
      val shape = intercept[CaffeException](t.setTrainData(wide))
      assert(shape.getCodeName == "SHAPE" && shape.getMessage.contains("'data'"))
    }

  it should "stop at a loss that is not a number, and keep weights and counter" taggedAs
    SparkTag in using(new Trainer(sc, solver(), 2, options)) { t =>
      t.setTrainData(data(2), (item: Array[Float]) => item(0) = Float.NaN)
      val weights = t.weights
      val failed = intercept[TrainingException](t.train(3))
      assert(failed.getCodeName == "NUMERIC" && failed.getMessage.contains("iteration 0"))
      assert(t.iteration == 0 && t.weights.sameElements(weights))
      t.setTrainData(data(2))
      t.train(3)
      t.average()
      assert(t.iteration == 3)
    }

  it should "tell what a preprocessing function threw, and train on without it" taggedAs
    SparkTag in using(new Trainer(sc, solver(), 1, options)) { t =>
      t.setTrainData(data(1), (_: Array[Float]) => throw new IllegalStateException("no, thanks"))
      val failed = intercept[TrainingException](t.train(3))
      assert(failed.getCodeName == "CALLBACK" && failed.getMessage.contains("no, thanks"))
      t.setTrainData(data(1))
      t.train(15)
      assert(averaged(t).sameElements(alone(15, points)))
    }

  it should "refuse a net that it cannot feed, and name the layers" taggedAs SparkTag in {
    def refused(text: String): CaffeException =
      intercept[CaffeException](new Trainer(sc, solver(text), 1, options).close())
    val dummy = net()
      .replace("JavaData", "DummyData")
      .replace("java_data_param", "dummy_data_param")
    val none = refused(dummy)
    assert(none.getCodeName == "BAD_NET" && none.getMessage.contains("'data' (DummyData)"))
  }

  it should "name a net file that is missing" taggedAs SparkTag in {
    val lost = solver().toBuilder.clearNetParam().setNet("no/such/net.prototxt").build
    val refused = intercept[CaffeException](new Trainer(sc, lost, 1, options))
    assert(refused.getCodeName == "IO" && refused.getMessage.contains("no/such/net.prototxt"))
  }

  it should "have no test scores without a test net" taggedAs SparkTag in {
    val untested = solver().toBuilder.clearTestIter().clearTestInterval().build
    using(new Trainer(sc, untested, 1, options)) { t =>
      assert(intercept[CaffeException](t.setTestData(data(1))).getCodeName == "STATE")
      assert(intercept[CaffeException](t.test()).getMessage.contains("no test net"))
    }
  }
}
