package historical

import java.awt.image.BufferedImage
import java.io._

import caffe.Caffe._
import com.sun.jna.{Library, Memory, Pointer}
import libs._
import org.scalatest._
import support._

/** Every public symbol of the Java classes of `libs`, with the types that the original has. */
class JavaLibsSpec extends FlatSpec {
  "ByteImage" should "have the original's surface" taggedAs support.Unit in {
    val drawn = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB)
    drawn.setRGB(2, 1, 0xc88005)
    val fromImage: ByteImage = new ByteImage(drawn)
    val height: Int = fromImage.getHeight()
    val width: Int = fromImage.getWidth()
    assert((height, width) == ((2, 3)))
    val red: Byte = fromImage.getRed(1, 2)
    val green: Byte = fromImage.getGreen(1, 2)
    val blue: Byte = fromImage.getBlue(1, 2)
    assert((red & 0xff, green & 0xff, blue & 0xff) == ((200, 128, 5)))

    // Meant: pixels 0 to 255, crops of any form, and buffers that are larger.
    val planes: Array[Byte] = Array.tabulate(3 * 2 * 3)(i => (10 * i + 100).toByte)
    val fromPlanes = new ByteImage(planes, 2, 3)
    val buffer = Array.fill[Float](3 * 1 * 2 + 1)(-1f)
    fromPlanes.cropInto(buffer, Array[Int](1, 1), Array[Int](2, 3))
    assert(buffer.toSeq == Seq(140f, 150f, 200f, 210f, 4f, 14f, -1f))
    val black = new ByteImage(227, 256)
    assert(black.getRed(226, 255) == 0 && (black.getHeight, black.getWidth) == ((227, 256)))
  }

  "JavaNDArray and JavaNDUtils" should "have the original's surface" taggedAs support.Unit in {
    val zero: JavaNDArray = new JavaNDArray(2, 3)
    assert(zero.toFlat().toSeq == Seq.fill(6)(0f))
    val values = Array[Float](0, 1, 2, 3, 4, 5)
    val wrapped: JavaNDArray = new JavaNDArray(values, 2, 3)
    val view = new JavaNDArray(values, 1, Array[Int](2), 1, Array[Int](3))
    assert(view.toFlat().toSeq == Seq(1f, 4f))
    wrapped.set(Array[Int](1, 1), 9f)
    val element: Float = wrapped.get(1, 1)
    assert(element == 9f && values(4) == 9f && view.get(1) == 9f)
    val slice: JavaNDArray = wrapped.slice(0, 1)
    val part: JavaNDArray = wrapped.subArray(Array[Int](0, 1), Array[Int](2, 3))
    val copy = new Array[Float](4)
    part.flatCopy(copy)
    assert(copy.toSeq == Seq(1f, 2f, 9f, 5f) && slice.toFlat().toSeq == Seq(3f, 9f, 5f))
    val buffer: Array[Float] = part.getBuffer()
    assert(buffer eq values)
    zero.add(wrapped)
    zero.add(wrapped)
    zero.subtract(wrapped)
    zero.scalarDivide(2f)
    assert(zero.toFlat().toSeq == values.map(_ / 2).toSeq)
    val serializable: Serializable = zero
    assert(serializable != null)
    assert(new JavaNDArray(0, 3).toFlat().isEmpty)

    val product: Int = JavaNDUtils.arrayProduct(Array[Int](2, 3, 4))
    val strides: Array[Int] = JavaNDUtils.calcDefaultStrides(Array[Int](2, 3, 4))
    val dot: Int = JavaNDUtils.dot(Array[Int](1, 2), Array[Int](3, 4))
    val copied: Array[Int] = JavaNDUtils.copyOf(strides)
    val removed: Array[Int] = JavaNDUtils.removeIndex(Array[Int](7, 8, 9), 1)
    val equal: Boolean = JavaNDUtils.shapesEqual(copied, strides)
    assert((product, dot, equal) == ((24, 11, true)))
    assert(strides.toSeq == Seq(12, 4, 1) && removed.toSeq == Seq(7, 9) && !(copied eq strides))
  }

  "CaffeLibrary" should "have the original's surface" taggedAs Boundary in {
    val caffeLib: CaffeLibrary = CaffeLibrary.INSTANCE
    val isLibrary: Library = caffeLib
    assert(isLibrary != null)
    val sizes: (Int, Int) = (caffeLib.get_int_size(), caffeLib.get_dtype_size())
    assert(sizes == ((4, 4)))
    caffeLib.set_mode_gpu() // meant: harmless without a GPU
    caffeLib.set_device(0)
    caffeLib.set_mode_cpu()
    caffeLib.init_logging("", 1)
    val state: Pointer = caffeLib.create_state()
    val netParam = NetParam(
      "net",
      RDDLayer("data", List(2, 3, 1, 1), None),
      RDDLayer("label", List(2, 1), None),
      InnerProductLayer("ip1", List("data"), 2),
      SoftmaxWithLoss("loss", List("ip1", "label"))
    )
    val param: SolverParameter = SolverParameter
      .newBuilder()
      .setBaseLr(1f)
      .setLrPolicy("fixed")
      .addTestIter(1)
      .setTestInterval(1)
      .setNetParam(netParam)
      .build()
    val bytes: Array[Byte] = param.toByteArray
    val message = new Memory(bytes.length)
    message.write(0, bytes, 0, bytes.length)
    caffeLib.load_solver_from_protobuf(state, message, bytes.length)
    val fill = (values: Array[Float]) =>
      new CaffeLibrary.java_callback_t() {
        def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): scala.Unit = {
          val dims = (0 until numDims).map(i => shape.getInt(i * sizes._1))
          assert(batchSize * dims.product == values.length)
          for (i <- values.indices) data.setFloat(i * sizes._2, values(i))
        }
      }
    val images: CaffeLibrary.java_callback_t = fill(Array[Float](1, 0, 0, 0, 1, 0))
    val labels: CaffeLibrary.java_callback_t = fill(Array[Float](0, 1))
    val status: Int = caffeLib.set_train_data_callback(state, 0, images)
    assert(status == 0 && caffeLib.set_train_data_callback(state, 1, labels) == 0)
    assert(caffeLib.set_test_data_callback(state, 0, images) == 0)
    assert(caffeLib.set_test_data_callback(state, 1, labels) == 0)
    assert(caffeLib.set_train_data_callback(state, 99, labels) == -1)
    assert(caffeLib.set_train_data_callback(state, 2, labels) == -2)
    caffeLib.forward(state)
    caffeLib.backward(state)
    val stepped: Int = caffeLib.solver_step(state, 1)
    caffeLib.solver_test(state, 3)
    val scores: Int = caffeLib.num_test_scores(state)
    val score: Float = caffeLib.get_test_score(state, 0)
    // One step from 0: each example's own scores are 1/4 apart from 0 and the biases stay.
    assert(stepped == 0 && scores == 1)
    assert(math.abs(score - 3 * math.log(1 + math.exp(-0.5))) < 1e-5)

    val layers: Int = caffeLib.num_layers(state)
    val layer: String = caffeLib.layer_name(state, 2)
    val blobs: Int = caffeLib.num_layer_weights(state, 2)
    assert((layers, layer, blobs) == ((4, "ip1", 2)))
    val datas: Int = caffeLib.num_data_blobs(state)
    val names: Seq[String] = (0 until datas).map(caffeLib.get_data_blob_name(state, _))
    val activation: Pointer = caffeLib.get_data_blob(state, names.indexOf("ip1"))
    val weight: Pointer = caffeLib.get_weight_blob(state, 2, 0)
    val axes: Int = caffeLib.get_num_axes(weight)
    val extent: Int = caffeLib.get_axis_shape(weight, 1)
    assert((axes, extent, caffeLib.get_axis_shape(activation, -1)) == ((2, 3, 2)))
    val data: Pointer = caffeLib.get_data(weight)
    val diff: Pointer = caffeLib.get_diff(weight)
    assert(data.getFloat(0) == 0.25f && !diff.getFloat(0).isNaN)

    val home = sys.env("SPARKNET_HOME")
    caffeLib.set_basepath(home + "/caffe/")
    try {
      val net: Boolean =
        caffeLib.parse_net_prototxt(state, "models/bvlc_reference_caffenet/train_val.prototxt")
      val length: Int = caffeLib.get_prototxt_len(state)
      val text: Pointer = caffeLib.get_prototxt_data(state)
      assert(net && NetParameter.parseFrom(text.getByteArray(0, length)).getName == "CaffeNet")
      val solver: Boolean =
        caffeLib.parse_solver_prototxt(state, "models/bvlc_reference_caffenet/solver.prototxt")
      assert(solver && caffeLib.get_prototxt_len(state) > 0)
      // Meant: a file that is missing does not end the process.
      assertThrows[RuntimeException](caffeLib.load_weights_from_file(state, "none.caffemodel"))
      assertThrows[RuntimeException](caffeLib.restore_solver_from_file(state, "none.solverstate"))
    } finally caffeLib.set_basepath(System.getProperty("user.dir"))
    val netBytes = netParam.toByteArray
    val netMessage = new Memory(netBytes.length)
    netMessage.write(0, netBytes, 0, netBytes.length)
    caffeLib.load_net_from_protobuf(state, netMessage, netBytes.length)
    assert(caffeLib.num_layers(state) == 4)
    caffeLib.destroy_state(state)
  }
}
