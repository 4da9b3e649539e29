package libs

import java.nio.file.Files

import caffe.Caffe.{NetParameter, SolverParameter}
import com.sun.jna.{Memory, Pointer}
import org.scalatest.flatspec.AnyFlatSpec
import sparknet.jna.{CaffeException, LinearSoftmax}
import support._
import support.Numbers.assertClose

class CaffeLibrarySpec extends AnyFlatSpec {
  private val library = CaffeLibrary.INSTANCE

  private def memory(bytes: Array[Byte]): Memory = {
    val memory = new Memory(bytes.length.toLong)
    memory.write(0, bytes, 0, bytes.length)
    memory
  }

  private def withState[A](test: Pointer => A): A = {
    val state = library.create_state()
    try test(state)
    finally library.destroy_state(state)
  }

  private def withSolver[A](test: Pointer => A): A = withState { state =>
    val bytes = SmallSolver.param.toByteArray
    library.load_solver_from_protobuf(state, memory(bytes), bytes.length)
    test(state)
  }

  private final class Fill(values: Array[Float]) extends CaffeLibrary.java_callback_t {
    var calls = 0
    var arguments: Seq[Int] = Seq.empty
    def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): Unit = {
      calls += 1
      arguments = batchSize +: (0 until numDims).map(i => shape.getInt(4L * i))
      data.write(0, values, 0, values.length)
    }
  }

  "CaffeLibrary" should "know its sizes" taggedAs Unit in {
    assert((library.get_int_size(), library.get_dtype_size()) == ((4, 4)))
  }

  it should "train and test a solver that callbacks feed" taggedAs Boundary in withSolver { state =>
    val (data, labels) = (new Fill(LinearSoftmax.data), new Fill(LinearSoftmax.labels))
    assert(library.set_train_data_callback(state, 0, data) == 0)
    assert(library.set_train_data_callback(state, 1, labels) == 0)
    assert(library.set_test_data_callback(state, 0, data) == 0)
    assert(library.set_test_data_callback(state, 1, labels) == 0)
    System.gc() // the library keeps the callbacks
    assert(library.solver_step(state, 4) == 0)
    assert(data.calls == 4 && data.arguments == Seq(4, 3, 1, 1))
    assert(labels.calls == 4 && labels.arguments == Seq(4, 1))

    assert(library.num_test_scores(state) == 0)
    library.solver_test(state, 10)
    val (loss, accuracy) = LinearSoftmax.tested(LinearSoftmax.trained(4))
    val scores = (0 until library.num_test_scores(state)).map(library.get_test_score(state, _))
    assertClose(scores, Seq(10 * accuracy, 10 * loss))
    assertThrows[CaffeException](library.get_test_score(state, 2))
    library.solver_test(state, 0)
    assert(library.num_test_scores(state) == 0)
  }

  it should "tell which layers take no callback" taggedAs Boundary in withSolver { state =>
    val any = new Fill(Array.empty)
    val layers = library.num_layers(state)
    val ip = (0 until layers).indexWhere(library.layer_name(state, _) == "ip")
    assert(library.set_train_data_callback(state, layers, any) == -1)
    assert(library.set_train_data_callback(state, -1, any) == -1)
    assert(library.set_train_data_callback(state, ip, any) == -2)
    assert(library.set_test_data_callback(state, 99, any) == -1)
  }

  it should "fail the step when a callback throws" taggedAs Boundary in withSolver { state =>
    val thrown = new RuntimeException("no minibatch")
    library.set_train_data_callback(state, 0, (_, _, _, _) => throw thrown)
    library.set_train_data_callback(state, 1, new Fill(LinearSoftmax.labels))
    val failure = intercept[CaffeException](library.solver_step(state, 1))
    assert(failure.getCodeName == "CALLBACK" && (failure.getCause eq thrown))
    assert(failure.getMessage.contains("no minibatch"))
  }

  it should "give blobs and their values" taggedAs Boundary in withSolver { state =>
    library.set_train_data_callback(state, 0, new Fill(LinearSoftmax.data))
    library.set_train_data_callback(state, 1, new Fill(LinearSoftmax.labels))
    val ip = (0 until library.num_layers(state)).indexWhere(library.layer_name(state, _) == "ip")
    assert(library.num_layer_weights(state, ip) == 2)
    val weights = library.get_weight_blob(state, ip, 0)
    assert(library.get_num_axes(weights) == 2)
    assert((library.get_axis_shape(weights, 0), library.get_axis_shape(weights, -1)) == ((2, 3)))
    assertThrows[CaffeException](library.get_axis_shape(weights, 2))

    library.get_data(weights).setFloat(4, 1f) // weight of feature 1 for class 0
    library.forward(state)
    val names = (0 until library.num_data_blobs(state)).map(library.get_data_blob_name(state, _))
    val scores = library.get_data_blob(state, names.indexOf("ip"))
    val column = LinearSoftmax.data.grouped(3).map(_(1)).toSeq
    assert(library.get_data(scores).getFloatArray(0, 8).toSeq == column.flatMap(Seq(_, 0f)))
    library.backward(state)
    assert(library.get_diff(weights).getFloatArray(0, 6).exists(_ != 0f))
    assertThrows[CaffeException](library.get_data_blob(state, 99))
    assertThrows[CaffeException](library.layer_name(state, 99))
  }

  it should "load a net alone" taggedAs Boundary in withState { state =>
    val bytes = SmallSolver.net.toByteArray
    library.load_net_from_protobuf(state, memory(bytes), bytes.length)
    val names = (0 until library.num_layers(state)).map(library.layer_name(state, _))
    assert(names.contains("accuracy")) // a layer of phase TEST, the default
    assert(intercept[CaffeException](library.solver_step(state, 1)).getCodeName == "STATE")
  }

  it should "parse prototxts into its buffer" taggedAs Boundary in Temporary.folder { folder =>
    withState { state =>
      val (net, solver) = (folder.resolve("net.prototxt"), folder.resolve("solver.prototxt"))
      Files.writeString(net, LinearSoftmax.net)
      Files.writeString(solver, "base_lr: 0.5")
      def message =
        library.get_prototxt_data(state).getByteArray(0, library.get_prototxt_len(state))
      assert(library.parse_net_prototxt(state, net.toString))
      assert(NetParameter.parseFrom(message).getName == "linear")
      assert(library.parse_solver_prototxt(state, solver.toString))
      assert(SolverParameter.parseFrom(message).getBaseLr == 0.5f)
      val wrong = intercept[CaffeException](library.parse_solver_prototxt(state, net.toString))
      assert(wrong.getCodeName == "PARSE" && wrong.getMessage.contains("net.prototxt"))
      val missing = intercept[CaffeException](library.parse_net_prototxt(state, s"$folder/none"))
      assert(missing.getCodeName == "IO")
    }
  }

  it should "refuse what is no state or in no order" taggedAs Boundary in {
    val state = library.create_state()
    assert(intercept[CaffeException](library.num_layers(state)).getCodeName == "STATE")
    assert(intercept[CaffeException](library.get_prototxt_data(state)).getCodeName == "STATE")
    library.destroy_state(state)
    for (wrong <- Seq(state, null, new Pointer(123456)))
      assert(intercept[CaffeException](library.forward(wrong)).getCodeName == "INVALID_HANDLE")
    assertThrows[CaffeException](library.get_data(new Pointer(8)))
  }

  it should "be configured again and again" taggedAs Boundary in Temporary.folder { folder =>
    try {
      library.init_logging(folder.resolve("1.log").toString, 0)
      library.init_logging(folder.resolve("2.log").toString, 0)
    } finally library.init_logging("", 1)
    library.set_mode_gpu()
    library.set_device(0)
    library.set_mode_cpu()
    library.set_basepath(System.getProperty("user.dir"))
    assert(intercept[CaffeException](library.set_basepath("/no/where")).getCodeName == "IO")
  }
}
