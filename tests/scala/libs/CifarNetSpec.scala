package libs

import com.sun.jna.{Memory, Pointer}
import org.scalatest.flatspec.AnyFlatSpec
import support._

/** cifar10_full with JavaData layers, driven as the original's own test drives it. */
class CifarNetSpec extends AnyFlatSpec {
  "cifar10_full" should "guess as long as it is untrained" taggedAs (Boundary, Slow) in {
    val library = CaffeLibrary.INSTANCE
    val random = new scala.util.Random(3)
    library.set_basepath(sys.env("SPARKNET_HOME") + "/caffe/")
    val state = library.create_state()
    try {
      val solver =
        ProtoLoader.loadSolverPrototxt("examples/cifar10/cifar10_full_java_solver.prototxt")
      val bytes = solver.toByteArray
      val message = new Memory(bytes.length.toLong)
      message.write(0, bytes, 0, bytes.length)
      library.load_solver_from_protobuf(state, message, bytes.length)

      val dtypeSize = library.get_dtype_size()
      val intSize = library.get_int_size()
      val images = new CaffeLibrary.java_callback_t() {
        def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): Unit = {
          val size = (0 until numDims).map(i => shape.getInt((i * intSize).toLong)).product
          assert(batchSize == 100 && size == 3 * 32 * 32)
          val values = Array.fill(batchSize * size)(random.nextInt(256).toFloat)
          data.write(0, values, 0, values.length)
        }
      }
      val labels = new CaffeLibrary.java_callback_t() {
        def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): Unit = {
          assert(shape.getInt(0) == 1)
          for (j <- 0 until batchSize)
            data.setFloat((j * dtypeSize).toLong, random.nextInt(10).toFloat)
        }
      }
      library.set_test_data_callback(state, 0, images)
      library.set_test_data_callback(state, 1, labels)
      library.solver_test(state, 10)
      assert(library.num_test_scores(state) == 2)
      val accuracy = library.get_test_score(state, 0) * 100
      assert(accuracy >= 70 && accuracy <= 130) // a sum over 10 minibatches
      val loss = library.get_test_score(state, 1) / 10
      assert(math.abs(loss - math.log(10)) < 0.05)
    } finally {
      library.destroy_state(state)
      library.set_basepath(System.getProperty("user.dir"))
    }
  }
}
