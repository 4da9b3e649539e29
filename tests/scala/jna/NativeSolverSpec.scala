package sparknet.jna

import java.nio.{ByteBuffer, ByteOrder, FloatBuffer}

import org.scalatest.flatspec.AnyFlatSpec
import support._
import support.Numbers.assertClose

class NativeSolverSpec extends AnyFlatSpec {
  private def withSolver[A](text: String = LinearSoftmax.solver())(test: NativeSolver => A): A =
    Closing.using(NativeSolver.fromText(text)) { solver =>
      (solver.net +: solver.testNets).foreach(_.setFeed(LinearSoftmax.feed))
      test(solver)
    }

  private def weights(solver: NativeSolver): Seq[Float] = {
    val values = new Array[Float](solver.net.weightsCount)
    solver.net.readWeights(values)
    values
  }

  "A NativeSolver" should "take the steps that theory says" taggedAs Boundary in withSolver() {
    solver =>
      assertClose(Seq(solver.step(1)), Seq(math.log(2)))
      assertClose(weights(solver), LinearSoftmax.trained(1))
      solver.step(9)
      assertClose(weights(solver), LinearSoftmax.trained(10))
      assert(solver.iteration == 10)
  }

  it should "sum up test scores by name" taggedAs Boundary in withSolver() { solver =>
    solver.step(3)
    val (loss, accuracy) = LinearSoftmax.tested(LinearSoftmax.trained(3))
    assertClose(solver.test(0, 5), Seq(5 * accuracy, 5 * loss))
    assert(solver.testNet(0).outputs.toSeq == Seq("accuracy", "loss"))
  }

  it should "tell its JavaData layers and follow the batch size" taggedAs Boundary in withSolver() {
    solver =>
      val shapes = solver.net.feedShapes.map { case (name, dims) => name -> dims.toSeq }
      assert(shapes.toSeq == Seq("data" -> Seq(4, 3), "label" -> Seq(4, 1)))
      solver.net.setBatchSize(2)
      var room = Seq.empty[Int]
      solver.net.setFeed { tops =>
        room = tops.map(_.remaining).toSeq
        tops(0).put(LinearSoftmax.data, 0, 6)
        tops(1).put(LinearSoftmax.labels, 0, 2)
        ()
      }
      solver.step(1)
      assert(room == Seq(6, 2))
  }

  it should "fail a step whose feed throws and keep the weights" taggedAs Boundary in withSolver() {
    solver =>
      solver.step(2)
      val before = weights(solver)
      val thrown = new IllegalStateException("no such image")
      solver.net.setFeed(_ => throw thrown)
      val failure = intercept[CaffeException](solver.step(1))
      assert(failure.getCodeName == "CALLBACK")
      assert(failure.getCause eq thrown)
      assert(failure.getMessage.contains("no such image"))
      assert(weights(solver) == before && solver.iteration == 2)
      solver.net.setFeed(LinearSoftmax.feed)
      solver.step(1)
      assertClose(weights(solver), LinearSoftmax.trained(3))
  }

  it should "fail a step whose feed overruns its room" taggedAs Boundary in withSolver() { solver =>
    solver.net.setFeed { tops => tops(0).put(new Array[Float](13)); () }
    val failure = intercept[CaffeException](solver.step(1))
    assert(failure.getCause.isInstanceOf[java.nio.BufferOverflowException])
  }

  it should "tell a feed's failure in a test, too" taggedAs Boundary in withSolver() { solver =>
    solver.testNet(0).setFeed(_ => throw new Error("broken"))
    val failure = intercept[CaffeException](solver.test(0, 1))
    assert(failure.getCodeName == "CALLBACK" && failure.getCause.getMessage == "broken")
  }

  it should "keep feeds from the garbage collector" taggedAs Boundary in withSolver() { solver =>
    for (i <- 1 to 5) {
      solver.net.setFeed(tops => LinearSoftmax.feed.fill(tops))
      System.gc()
      solver.step(1)
      assert(solver.iteration == i)
    }
    assertClose(weights(solver), LinearSoftmax.trained(5))
  }

  it should "say that data is missing" taggedAs Boundary in withSolver() { solver =>
    solver.net.setFeed(null)
    val failure = intercept[CaffeException](solver.step(1))
    assert(failure.getCodeName == "CALLBACK" && failure.getMessage.contains("data"))
  }

  it should "refuse labels out of range and losses that are not numbers" taggedAs Boundary in
    withSolver() { solver =>
      solver.net.setFeed { tops => tops(0).put(LinearSoftmax.data); tops(1).put(7f); () }
      val label = intercept[CaffeException](solver.step(1))
      assert(label.getCodeName == "NUMERIC" && label.getMessage.contains("7"))
      solver.net.setFeed { tops => tops(0).put(Array.fill(12)(Float.NaN)); () }
      assert(intercept[CaffeException](solver.step(1)).getCodeName == "NUMERIC")
      assert(weights(solver).forall(_ == 0f))
    }

  it should "follow its counter" taggedAs Boundary in withSolver(
    LinearSoftmax
      .solver("gamma: 0.1 stepsize: 10")
      .replace("\"fixed\"", "\"step\"")
  ) { solver =>
    assertClose(Seq(solver.learningRate), Seq(0.5))
    solver.setIteration(20)
    assert(solver.iteration == 20)
    assertClose(Seq(solver.learningRate), Seq(0.005))
    solver.step(1)
    assertClose(weights(solver), LinearSoftmax.trained(1, 0.005))
  }

  it should "train at a rate of its own until it follows the policy again" taggedAs Boundary in
    withSolver(
      LinearSoftmax.solver("gamma: 0.1 stepsize: 1").replace("\"fixed\"", "\"step\"")
    ) { solver =>
      solver.setLearningRate(Some(0.25f))
      solver.step(2)
      assertClose(weights(solver), LinearSoftmax.trained(2, 0.25))
      assert(solver.learningRate == 0.25f)
      for (wrong <- Seq(-1f, Float.NaN))
        assert(
          intercept[CaffeException](solver.setLearningRate(Some(wrong))).getCodeName ==
            "INVALID_ARGUMENT"
        )
      solver.setLearningRate(None)
      assertClose(Seq(solver.learningRate), Seq(0.005))
    }

  it should "draw what its seed says, whatever it has drawn before" taggedAs Boundary in {
    val drop =
      """layer { name: "drop" type: "Dropout" bottom: "data" top: "dropped" }
        |layer { name: "ip" type: "InnerProduct" bottom: "dropped""".stripMargin
    val text = LinearSoftmax
      .solver()
      .replace("""layer { name: "ip" type: "InnerProduct" bottom: "data""", drop)
    val masks = for (steps <- Seq(0, 3)) yield withSolver(text) { solver =>
      solver.step(steps)
      for (seed <- Seq(Long.MaxValue, 1L)) yield {
        solver.setSeed(seed)
        assert(solver.iteration == steps)
        Seq.fill(8) {
          solver.net.forward()
          solver.net.blob("dropped").read(NativeBlob.Data).toSeq
        }
      }
    }
    assert(masks(0) == masks(1))
    assert(masks(0)(0) != masks(0)(1))
    withSolver() { solver =>
      val failure = intercept[CaffeException](solver.setSeed(-1))
      assert(failure.getCodeName == "INVALID_ARGUMENT" && failure.getMessage.contains("-1"))
    }
  }

  it should "keep, give and take momentum" taggedAs Boundary in withSolver(
    LinearSoftmax.solver("momentum: 0.9")
  ) { solver =>
    assert(solver.historyCount == 8)
    solver.step(1)
    val history = new Array[Float](8)
    solver.readHistory(history)
    assertClose(history, LinearSoftmax.trained(1).map(-_))
    val one = weights(solver)
    solver.net.writeWeights(new Array[Float](8))
    solver.step(1) // the same gradient, and 0.9 of the first step
    assertClose(weights(solver), one.map(_ * 1.9))
    solver.net.writeWeights(new Array[Float](8))
    solver.writeHistory(new Array[Float](8))
    solver.step(1)
    assertClose(weights(solver), one.map(_.toDouble))
  }

  it should "move momentum between the position and the limit of buffers" taggedAs Boundary in
    withSolver(LinearSoftmax.solver("momentum: 0.9")) { solver =>
      def direct(order: ByteOrder) =
        ByteBuffer.allocateDirect(40).order(order).asFloatBuffer.position(1).limit(9)
      solver.step(1)
      val history = new Array[Float](8)
      solver.readHistory(history)
      for (into <- Seq(direct(ByteOrder.nativeOrder), FloatBuffer.wrap(new Array(10), 1, 8))) {
        solver.readHistory(into)
        assert(
          (0 to 8).map(into.duplicate.position(0).get(_)) ==
            0f +: history.toSeq
        )
        into.duplicate.put(history.map(_ * 2))
        solver.writeHistory(into)
        val read = new Array[Float](8)
        solver.readHistory(read)
        assert(read.toSeq == history.toSeq.map(_ * 2))
        solver.writeHistory(history)
        assert(into.position() == 1 && into.limit() == 9)
        into.limit(8)
        for (move <- Seq[FloatBuffer => Unit](solver.readHistory, solver.writeHistory))
          assert(intercept[CaffeException](move(into)).getCodeName == "SHAPE")
      }
      val other =
        direct(
          Seq(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN).find(_ != ByteOrder.nativeOrder).get
        )
      val constant = FloatBuffer.allocate(8).asReadOnlyBuffer
      for (
        refused <- Seq[() => Unit](
          () => solver.readHistory(other),
          () => solver.writeHistory(other),
          () => solver.readHistory(constant)
        )
      ) assert(intercept[CaffeException](refused()).getCodeName == "INVALID_ARGUMENT")
    }

  it should "write and restore snapshots" taggedAs Boundary in Temporary.folder { folder =>
    val momentum = LinearSoftmax.solver("momentum: 0.9")
    val (files, after) = withSolver(momentum) { solver =>
      solver.step(4)
      val files = solver.snapshot(folder.resolve("s").toString)
      solver.step(2)
      (files, weights(solver))
    }
    assert(
      files.toSeq == Seq("caffemodel", "solverstate").map(e => s"$folder/s_iter_4.$e")
    )
    withSolver(momentum) { solver =>
      assert(solver.restore(files(1)) == s"${files(0)}: took 1 of 1 layers")
      assert(solver.iteration == 4)
      solver.step(2)
      assert(weights(solver) == after)
    }
  }

  it should "work without a test net, except for testing" taggedAs Boundary in withSolver(
    LinearSoftmax.solver("")
  ) { solver =>
    assert(solver.numTestNets == 0)
    solver.step(1)
    val failure = intercept[CaffeException](solver.test(0, 1))
    assert(failure.getCodeName == "STATE" && failure.getMessage.contains("test net"))
  }

  it should "refuse everything, its nets too, once it is closed" taggedAs Boundary in {
    val solver = NativeSolver.fromText(LinearSoftmax.solver())
    solver.net.close() // lent: no effect
    assert(solver.net.weightsCount == 8)
    solver.close()
    for (call <- Seq[() => Any](() => solver.step(1), () => solver.net.weightsCount))
      assert(intercept[CaffeException](call()).getCodeName == "INVALID_HANDLE")
  }
}
