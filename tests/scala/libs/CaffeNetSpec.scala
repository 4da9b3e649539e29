package libs

import java.io.ByteArrayOutputStream
import java.lang.reflect.Proxy
import java.util.concurrent.{CountDownLatch, TimeUnit}

import scala.collection.mutable.MutableList

import com.sun.jna.Memory
import org.scalatest.flatspec.AnyFlatSpec
import sparknet.jna.{CaffeException, Engine, LinearSoftmax}
import support._
import support.Numbers.assertClose

class CaffeNetSpec extends AnyFlatSpec {
  private def withNet[A](test: CaffeNet => A): A =
    Closing.using(CaffeNet(SmallSolver.param))(test)

  private def feed(net: CaffeNet, steps: Int): Unit =
    net.setTrainData(SmallSolver.sampler(steps), SmallSolver.preprocessing)

  private def flat(weights: WeightCollection): Seq[Float] =
    weights.layerNames.flatMap(weights.allWeights(_)).flatMap(_.toFlat())

  "A CaffeNet" should "train on minibatches of images" taggedAs Boundary in withNet { net =>
    feed(net, 3)
    net.train(3)
    assertClose(flat(net.getWeights()), LinearSoftmax.trained(3))
  }

  it should "copy images as they are without preprocessing" taggedAs Boundary in withNet { net =>
    net.setTestData(SmallSolver.sampler(1), 1, None)
    // The callback is called by hand, on memory of ours.
    val callback = net.imageTestCallback.get
    val memory = new Memory(4 * 12)
    val shape = new Memory(4 * 3)
    shape.write(0, Array(3, 1, 1), 0, 3)
    callback.invoke(memory, 4, 3, shape)
    val seen = memory.getFloatArray(0, 12)
    assert(seen.toSeq == LinearSoftmax.data.map(v => ((v + 10).toByte & 0xff).toFloat).toSeq)
  }

  it should "return the sums of a test and print them" taggedAs Boundary in withNet { net =>
    feed(net, 2)
    net.train(2)
    net.setTestData(SmallSolver.sampler(3), 3, SmallSolver.preprocessing)
    val (loss, accuracy) = LinearSoftmax.tested(LinearSoftmax.trained(2))
    val printed = new ByteArrayOutputStream
    val scores = Console.withOut(printed)(net.test())
    assertClose(scores, Seq(3 * accuracy, 3 * loss))
    assert(printed.toString.trim == scores.mkString("testScores = Array(", ", ", ")"))
  }

  it should "describe its layers" taggedAs Boundary in withNet { net =>
    assert(net.layerNames.take(2) == List("data", "label"))
    assert(net.numLayers == net.layerNames.length && net.layerNames.contains("ip"))
    assert(net.layerNumBlobs(net.layerNames.indexOf("ip")) == 2 && net.layerNumBlobs.sum == 2)
    assert((net.dtypeSize, net.intSize) == ((4, 4)))
    assert(net.getWeights().allWeights("ip").map(_.shape.toSeq) == Seq(Seq(2, 3), Seq(2)))
    assert(net.getWeights().allWeights("data").isEmpty)
  }

  it should "take weights, all or none" taggedAs Boundary in withNet { net =>
    val weights = net.getWeights()
    weights.allWeights("ip")(0).set(Array(1, 2), 3f)
    net.setWeights(weights)
    assert(flat(net.getWeights()) == Seq(0f, 0f, 0f, 0f, 0f, 3f, 0f, 0f))

    weights.allWeights("ip")(0).set(Array(0, 0), 9f)
    weights.allWeights("ip") = MutableList(weights.allWeights("ip")(0), NDArray.zeros(Array(3)))
    val failure = intercept[IllegalArgumentException](net.setWeights(weights))
    assert(failure.getMessage.contains("layer ip"))
    assert(flat(net.getWeights()).head == 0f)
    val fewer = new WeightCollection(weights.allWeights, List("ip"))
    assertThrows[IllegalArgumentException](net.setWeights(fewer))
  }

  it should "put minibatches together ahead, and no more than it trains on" taggedAs Boundary in
    withNet { net =>
      val sampler = SmallSolver.sampler(7)
      val threads = new java.util.concurrent.ConcurrentLinkedQueue[String]
      val Some(convert) = SmallSolver.preprocessing
      val told = (image: ByteImage, buffer: Array[Float]) => {
        threads.add(Thread.currentThread.getName)
        convert(image, buffer)
      }
      net.setTrainData(sampler, Some(told))
      for ((steps, taken) <- Seq(3 -> 3, 0 -> 3, 4 -> 7)) {
        net.train(steps)
        assert(sampler.indicesIndex == taken)
      }
      assertClose(flat(net.getWeights()), LinearSoftmax.trained(7))
      assert(threads.size == 7 * 4 && threads.stream.allMatch(_ == "sparknet-feed"))
      val thrown = intercept[CaffeException](net.train(1))
      assert(thrown.getCause.getMessage.contains("more minibatches are asked for than the 7"))
    }

  it should "fail a step when preprocessing throws, and keep the weights" taggedAs Boundary in
    withNet { net =>
      val thrown = new ArithmeticException("overflow")
      net.setTrainData(SmallSolver.sampler(2), Some((_, _) => throw thrown))
      val failure = intercept[CaffeException](net.train(1))
      assert(failure.getCodeName == "CALLBACK" && (failure.getCause eq thrown))
      assert(flat(net.getWeights()).forall(_ == 0f))
      feed(net, 1)
      net.train(1)
      assertClose(flat(net.getWeights()), LinearSoftmax.trained(1))
    }

  it should "name wrong minibatches" taggedAs Boundary in withNet { net =>
    def failure(images: Array[ByteImage], labels: Array[Int]) = {
      net.setTrainData(new MinibatchSampler(Iterator((images, labels)), 1, 1))
      intercept[CaffeException](net.train(1)).getMessage
    }
    val three = failure(SmallSolver.images.take(3), SmallSolver.labels)
    assert(three.contains("minibatch of 3 images for a batch size of 4"))
    val labels = failure(SmallSolver.images, SmallSolver.labels.take(2))
    assert(labels.contains("minibatch of 2 labels for a batch size of 4"))
    feed(net, 1)
    net.train(1)
    assert(intercept[CaffeException](net.train(1)).getMessage.contains("more minibatches"))
  }

  it should "need data before it trains or is tested" taggedAs Boundary in withNet { net =>
    assert(intercept[CaffeException](net.train(1)).getCodeName == "CALLBACK")
    assert(intercept[CaffeException](net.test()).getMessage.contains("setTestData"))
  }

  it should "refuse nets without JavaData layers in front" taggedAs Boundary in {
    val inputs = SmallSolver.net.toBuilder
    for (i <- 0 until inputs.getLayerCount if inputs.getLayer(i).getType == "JavaData") {
      val shape = inputs.getLayer(i).getJavaDataParam.getShape
      inputs.getLayerBuilder(i).setType("Input").getInputParamBuilder.addShape(shape)
    }
    Closing.using(CaffeNet(SmallSolver.param.toBuilder.setNetParam(inputs).build())) { net =>
      assert(
        intercept[CaffeException](feed(net, 1)).getMessage.contains("layer 0 of the train net")
      )
    }
  }

  it should "serialise the calls of several threads" taggedAs Boundary in withNet { net =>
    feed(net, 200)
    val threads = Seq.fill(4)(
      new Thread(() =>
        for (_ <- 1 to 50) {
          net.train(1)
          net.setWeights(net.getWeights()) // as averaging does; another's step may come in between
        }
      )
    )
    threads.foreach(_.start())
    threads.foreach(_.join())
    assert(flat(net.getWeights()).forall(v => !v.isNaN && math.abs(v) < 100))
  }

  it should "load weights from a file" taggedAs Boundary in Temporary.folder { folder =>
    val path = folder.resolve("w.caffemodel").toString
    Closing.using(sparknet.jna.NativeNet(SmallSolver.net, sparknet.jna.NativeNet.Train)) { net =>
      net.writeWeights(Array.tabulate(8)(_.toFloat))
      net.save(path)
    }
    withNet { net =>
      net.loadWeightsFromFile(path)
      assert(flat(net.getWeights()) == (0 until 8).map(_.toFloat))
      assertThrows[CaffeException](net.loadWeightsFromFile(s"$folder/none"))
    }
  }

  it should "work on any CaffeLibrary and a state of the caller's" taggedAs Boundary in {
    val library = CaffeLibrary.INSTANCE
    val forwarding = Proxy
      .newProxyInstance(
        getClass.getClassLoader,
        Array[Class[_]](classOf[CaffeLibrary]),
        (_, method, arguments) => method.invoke(library, Option(arguments).toSeq.flatten: _*)
      )
      .asInstanceOf[CaffeLibrary]
    val bytes = SmallSolver.param.toByteArray
    val message = new Memory(bytes.length.toLong)
    message.write(0, bytes, 0, bytes.length)
    val state = library.create_state()
    library.load_solver_from_protobuf(state, message, bytes.length)
    Closing.using(new CaffeNet(state, forwarding)) { net =>
      feed(net, 2)
      net.train(1)
      val weights = net.getWeights()
      assertClose(flat(weights), LinearSoftmax.trained(1))
      weights.scalarDivide(2f)
      net.setWeights(weights)
      assertClose(flat(net.getWeights()), LinearSoftmax.trained(1).map(_ / 2))
    }
    assertThrows[CaffeException](library.num_layers(state)) // close() destroyed it
  }

  it should "be refused by name when it cannot be built" taggedAs Boundary in {
    val net = Engine.parseNetText("layer { name: 'l' type: 'Quux' top: 'x' }")
    val failure = intercept[CaffeException] {
      CaffeNet(SmallSolver.param.toBuilder.setNetParam(net).build())
    }
    assert(failure.getCodeName == "BAD_NET" && failure.getMessage.contains("Quux"))
  }

  it should "be of no use once it is closed" taggedAs Boundary in {
    val net = CaffeNet(SmallSolver.param)
    net.close()
    net.close()
    assert(intercept[CaffeException](net.train(1)).getCodeName == "INVALID_HANDLE")
  }

  it should "free its native state when it is collected" taggedAs Boundary in {
    val collected = new CountDownLatch(1)
    def forget(): Unit = {
      val net = CaffeNet(SmallSolver.param)
      feed(net, 1)
      net.train(1)
      java.lang.ref.Cleaner.create().register(net, () => collected.countDown())
      ()
    }
    forget()
    for (_ <- 1 to 100 if collected.getCount > 0) {
      System.gc()
      collected.await(100, TimeUnit.MILLISECONDS)
    }
    assert(collected.getCount == 0)
  }
}
