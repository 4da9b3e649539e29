package sparknet.jna

import java.nio.{ByteBuffer, ByteOrder, FloatBuffer}

import scala.collection.JavaConverters._

import org.scalatest.flatspec.AnyFlatSpec
import support._
import support.Numbers.assertClose

class NativeNetSpec extends AnyFlatSpec {
  private val text =
    """name: "n" layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
      |layer { name: "b_ip" type: "InnerProduct" bottom: "x" top: "b"
      |  inner_product_param { num_output: 2 } }
      |layer { name: "relu" type: "ReLU" bottom: "x" top: "a" }""".stripMargin

  private def withNet[A](test: NativeNet => A): A =
    Closing.using(NativeNet.fromText(text, NativeNet.Test))(test)

  "A NativeNet" should "describe itself" taggedAs Boundary in withNet { net =>
    assert(net.layerNames.toSeq == net.proto.getLayerList.asScala.map(_.getName))
    assert(net.layerNames.toSet.subsetOf(Set("in", "x_in_0_split", "b_ip", "relu")))
    assert(net.blobNames.toSet.intersect(Set("x", "a", "b")) == Set("x", "a", "b"))
    assert(net.inputs.toSeq == Seq("x"))
    assert(net.outputs.toSeq == Seq("a", "b")) // by name, not by layer
    assert(net.numParams(net.layerNames.indexOf("b_ip")) == 2)
    assert(net.param("b_ip", 0).shape.toSeq == Seq(2, 3))
  }

  it should "compute on what was written to it" taggedAs Boundary in withNet { net =>
    net.blob("x").write(NativeBlob.Data, Array(1f, -2f, 3f, -4f, 5f, -6f))
    net.param("b_ip", 0).write(NativeBlob.Data, Array(1f, 0f, 0f, 1f, 1f, 1f))
    net.param("b_ip", 1).write(NativeBlob.Data, Array(0.5f, -0.5f))
    net.forward()
    assert(net.blob("a").read(NativeBlob.Data).toSeq == Seq(1f, 0f, 3f, 0f, 5f, 0f))
    assert(net.blob("b").read(NativeBlob.Data).toSeq == Seq(1.5f, 1.5f, -3.5f, -5.5f))
  }

  it should "share memory with buffers, before and after passes" taggedAs Boundary in withNet {
    net =>
      val x = net.blob("x").buffer(NativeBlob.Data).asFloatBuffer
      x.put(Array(1f, 1f, 1f, 2f, 2f, 2f))
      net.param("b_ip", 0).write(NativeBlob.Data, Array.fill(6)(1f))
      net.forward()
      val b = net.blob("b")
      assert(b.read(NativeBlob.Data).toSeq == Seq(3f, 3f, 6f, 6f))
      x.put(0, 10f)
      net.forward()
      assert(b.buffer(NativeBlob.Data).asFloatBuffer.get(0) == 12f)
      assert(net.blob("x").address(NativeBlob.Data) == net.blob("x").address(NativeBlob.Data))
  }

  it should "leave out what nobody asked to keep" taggedAs Boundary in {
    def conv(bottom: String, top: String) =
      s"""layer { name: "$top" type: "Convolution" bottom: "$bottom" top: "$top"
         |  convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } }""".stripMargin
    val text =
      s"""layer { name: "in" type: "Input" top: "x"
         |  input_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } } }
         |${conv("x", "a")} ${conv("a", "b")}
         |layer { name: "y" type: "Eltwise" bottom: "a" bottom: "b" top: "y" }""".stripMargin
    Closing.using(NativeNet.fromText(text, NativeNet.Test)) { net =>
      net.blob("x").write(NativeBlob.Data, Array.tabulate(8)(_.toFloat))
      net.keepValues(Array("y"))
      net.forward()
      val y = net.blob("y").read(NativeBlob.Data)
      val error = intercept[CaffeException](net.blob("b").read(NativeBlob.Data))
      assert(error.getMessage.contains("'b': the last pass has left its values out"))
      net.keepValues(Array("a", "b"))
      net.forward()
      val sums = Seq("a", "b").map(net.blob(_).read(NativeBlob.Data).toSeq).transpose.map(_.sum)
      assertClose(y, sums.map(_.toDouble), 1e-6)
      assert(
        intercept[CaffeException](net.keepValues(Array("c"))).getMessage.contains("no blob 'c'")
      )
    }
  }

  it should "take another batch size" taggedAs Boundary in withNet { net =>
    net.blob("x").reshape(Array(5, 3))
    net.reshape()
    assert(net.blob("b").shape.toSeq == Seq(5, 2) && net.blob("b").count == 10)
    net.forward()
  }

  it should "go through the items of its memory" taggedAs Boundary in {
    val memory =
      """layer { name: "mem" type: "MemoryData" top: "x" top: "label"
        |  memory_data_param { batch_size: 2 channels: 1 height: 1 width: 3 } }
        |layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y"
        |  inner_product_param { num_output: 1 bias_term: false weight_filler { value: 2 } } }
        |""".stripMargin
    Closing.using(NativeNet.fromText(memory, NativeNet.Test)) { net =>
      val data = Array.tabulate(12)(i => i.toFloat)
      net.setMemoryData(0, data, Array(5f, 6f, 7f, 8f))
      for (first <- Seq(0, 2, 0)) {
        net.forward()
        assert(net.blob("label").read(NativeBlob.Data).toSeq == Seq(5f + first, 6f + first))
        val sums = data.grouped(3).map(2 * _.sum).slice(first, first + 2)
        assert(net.blob("y").read(NativeBlob.Data).toSeq == sums.toSeq)
      }
      def failure(layer: Int, data: Array[Float], labels: Array[Float]) =
        intercept[CaffeException](net.setMemoryData(layer, data, labels))
      val values = failure(0, data, Array(1f, 2f))
      assert(values.getCodeName == "SHAPE")
      assert(values.getMessage.contains("'mem' (MemoryData): got 12 values for 2 labels"))
      assert(failure(0, Array.empty, Array.empty).getCodeName == "INVALID_ARGUMENT")
      assert(failure(1, data, Array(1f)).getMessage.contains("'ip' is of type InnerProduct"))
    }
  }

  it should "accumulate gradients until they are cleared" taggedAs Boundary in {
    val inputs =
      LinearSoftmax.net.replace("JavaData", "Input").replace("java_data_param", "input_param")
    Closing.using(NativeNet.fromText(inputs, NativeNet.Train)) { net =>
      net.blob("data").write(NativeBlob.Data, LinearSoftmax.data)
      net.blob("label").write(NativeBlob.Data, LinearSoftmax.labels)
      val gradient = LinearSoftmax.trained(1, rate = 1).take(6).map(-_).toSeq
      val diff = net.param("ip", 0)
      net.clearGradients()
      for (times <- 1 to 2) {
        assertClose(Seq(net.forward()), Seq(math.log(2)))
        net.backward()
        assertClose(diff.read(NativeBlob.Diff), gradient.map(_ * times))
      }
      net.clearGradients()
      assert(diff.read(NativeBlob.Diff).forall(_ == 0f))
    }
  }

  it should "hold its weights as one flat array" taggedAs Boundary in withNet { net =>
    val layout = net.weightsLayout
    assert(layout.entries.map(_.toString) == Seq("b_ip[0] 2x3", "b_ip[1] 2"))
    assert(layout.count == 8 && net.weightsCount == 8)
    val weights = Array.tabulate(8)(_.toFloat)
    net.writeWeights(weights)
    assert(net.param("b_ip", 1).read(NativeBlob.Data).toSeq == Seq(6f, 7f))
    val read = new Array[Float](8)
    net.readWeights(read)
    assert(read.toSeq == weights.toSeq)
    val failure = intercept[CaffeException](net.readWeights(new Array[Float](9)))
    assert(failure.getCodeName == "SHAPE")
    assert(intercept[CaffeException](net.writeWeights(new Array[Float](7))).getCodeName == "SHAPE")
  }

  // Eight values inside a larger buffer, whose others are -1.
  private def inside(kind: Int => FloatBuffer): FloatBuffer = {
    val buffer = kind(12)
    while (buffer.hasRemaining) buffer.put(-1f)
    buffer.position(3).limit(11)
  }

  private def direct(order: ByteOrder)(size: Int): FloatBuffer =
    ByteBuffer.allocateDirect(4 * size).order(order).asFloatBuffer

  private def whole(buffer: FloatBuffer): Seq[Float] =
    (0 until buffer.capacity).map(buffer.duplicate.clear.get(_))

  private val nativeOrder = ByteOrder.nativeOrder
  private val otherOrder =
    if (nativeOrder == ByteOrder.BIG_ENDIAN) ByteOrder.LITTLE_ENDIAN else ByteOrder.BIG_ENDIAN

  it should "move weights between the position and the limit of buffers" taggedAs Boundary in
    withNet { net =>
      val around = (values: Seq[Float]) => Seq.fill(3)(-1f) ++ values ++ Seq(-1f)
      for ((kind, i) <- Seq(FloatBuffer.allocate _, direct(nativeOrder) _).zipWithIndex) {
        val weights = Seq.tabulate(8)(_ + 10f * i)
        val from = inside(kind)
        from.duplicate.put(weights.toArray)
        net.writeWeights(from)
        val array = new Array[Float](8)
        net.readWeights(array)
        assert(array.toSeq == weights)
        val into = inside(kind)
        net.readWeights(into)
        assert(whole(into) == around(weights))
        assert(
          Seq(into.position(), into.limit(), from.position(), from.limit()) == Seq(3, 11, 3, 11)
        )
        into.limit(12)
        for (move <- Seq[FloatBuffer => Unit](net.readWeights, net.writeWeights))
          assert(intercept[CaffeException](move(into)).getCodeName == "SHAPE")
        assert(whole(into) == around(weights))
      }
      net.writeWeights(inside(direct(nativeOrder)).asReadOnlyBuffer)
      assert(net.param("b_ip", 1).read(NativeBlob.Data).toSeq == Seq(-1f, -1f))
    }

  it should "refuse buffers that the engine cannot use, and leave them" taggedAs Boundary in
    withNet { net =>
      net.writeWeights(Array.fill(8)(5f))
      def refused(move: FloatBuffer => Unit, buffer: FloatBuffer, why: String) = {
        val failure = intercept[CaffeException](move(buffer))
        assert(failure.getCodeName == "INVALID_ARGUMENT" && failure.getMessage.contains(why))
        assert(whole(buffer) == Seq.fill(12)(-1f))
      }
      for (move <- Seq[FloatBuffer => Unit](net.readWeights, net.writeWeights)) {
        refused(move, inside(direct(otherOrder)), s"of byte order $otherOrder, not $nativeOrder")
        val bytes = inside(n => ByteBuffer.allocate(4 * n).order(nativeOrder).asFloatBuffer)
        refused(move, bytes, "neither direct nor")
      }
      val write = (buffer: FloatBuffer) => net.writeWeights(buffer)
      refused(write, inside(FloatBuffer.allocate).asReadOnlyBuffer, "neither direct nor")
      for (kind <- Seq(FloatBuffer.allocate _, direct(nativeOrder) _))
        refused(net.readWeights, inside(kind).asReadOnlyBuffer, "may only be read")
      val weights = new Array[Float](8)
      net.readWeights(weights)
      assert(weights.forall(_ == 5f))
    }

  it should "save and load weights" taggedAs Boundary in Temporary.folder { folder =>
    val path = folder.resolve("n.caffemodel").toString
    withNet { net =>
      net.writeWeights(Array.tabulate(8)(_.toFloat))
      net.save(path)
    }
    withNet { net =>
      assert(net.load(path) == s"$path: took 1 of 1 layers")
      val read = new Array[Float](8)
      net.readWeights(read)
      assertClose(read, (0 until 8).map(_.toDouble), 0)
      val missing = intercept[CaffeException](net.load(s"$folder/none.caffemodel"))
      assert(missing.getCodeName == "IO" && missing.getMessage.contains("none.caffemodel"))
    }
  }

  it should "name what is wrong" taggedAs Boundary in withNet { net =>
    def failure(wrong: String) =
      intercept[CaffeException](NativeNet.fromText(wrong, NativeNet.Test))
    val unknown = failure("layer { name: 'l' type: 'Quux' top: 'x' }")
    assert(unknown.getCodeName == "BAD_NET" && unknown.getMessage.contains("Quux"))
    val bottom = failure("layer { name: 'l' type: 'ReLU' bottom: 'none' top: 'x' }")
    assert(bottom.getCodeName == "BAD_NET" && bottom.getMessage.contains("none"))
    val python = failure(
      "layer { name: 'l' type: 'Python' top: 'x' python_param { module: 'm' layer: 'L' } }"
    )
    assert(python.getCodeName == "UNSUPPORTED")
    assert(python.getMessage.contains("layer 'l' (Python): no Python interpreter"))
    val blob = intercept[CaffeException](net.blob("quux"))
    assert(blob.getCodeName == "INVALID_ARGUMENT" && blob.getMessage.contains("quux"))
    assert(blob.getMessage.contains("b"))
    assert(intercept[CaffeException](net.param(99, 0)).getCodeName == "INVALID_ARGUMENT")
    val count = intercept[CaffeException](net.blob("x").write(NativeBlob.Data, new Array(5)))
    assert(count.getCodeName == "SHAPE")
    val bytes = intercept[CaffeException](NativeNet.fromBytes(Array(1, 2, 3), NativeNet.Test))
    assert(bytes.getCodeName == "PARSE")
  }

  it should "refuse everything once it is closed" taggedAs Boundary in {
    val net = NativeNet.fromText(text, NativeNet.Test)
    val blob = net.blob("x")
    net.close()
    net.close()
    for (call <- Seq[() => Any](() => net.forward(), () => blob.read(0), () => net.weightsCount))
      assert(intercept[CaffeException](call()).getCodeName == "INVALID_HANDLE")
  }
}
