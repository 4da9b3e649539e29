package libs

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong

import com.sun.jna.Pointer
import sparknet.jna.{CaffeException, Engine, NativeBlob, NativeNet, NativeSolver, Status}

/** `CaffeLibrary` on the engine's own API. A state is a number in the guise of a pointer; blobs are
  * the engine's own pointers.
  */
private[libs] final class StateLibrary extends CaffeLibrary {
  private val states = new ConcurrentHashMap[Long, NativeState]
  private val lastState = new AtomicLong

  override def init_logging(log_filename: String, log_verbosity: Int): Unit =
    if (log_filename == null || log_filename.isEmpty)
      Engine.logTo(null, math.min(math.max(log_verbosity, 0), 3))
    else Engine.logTo(log_filename, 0)

  override def set_basepath(path: String): Unit = Engine.setWorkingDirectory(path)

  override def get_int_size(): Int = Integer.BYTES

  override def get_dtype_size(): Int = java.lang.Float.BYTES

  override def create_state(): Pointer = {
    val id = lastState.incrementAndGet()
    states.put(id, new NativeState)
    new Pointer(id)
  }

  override def destroy_state(state: Pointer): Unit = {
    of(state).close()
    states.remove(Pointer.nativeValue(state))
    ()
  }

  override def load_solver_from_protobuf(state: Pointer, param: Pointer, length: Int): Unit =
    of(state).load(Right(NativeSolver.fromBytes(bytes(param, length))))

  override def load_net_from_protobuf(state: Pointer, param: Pointer, length: Int): Unit =
    of(state).load(Left(NativeNet.fromBytes(bytes(param, length), NativeNet.OwnPhase)))

  override def set_train_data_callback(
      state: Pointer,
      layer_idx: Int,
      callback: CaffeLibrary.java_callback_t
  ): Int = setCallback(of(state).net, layer_idx, callback)

  override def set_test_data_callback(
      state: Pointer,
      layer_idx: Int,
      callback: CaffeLibrary.java_callback_t
  ): Int = setCallback(of(state).testNet, layer_idx, callback)

  override def forward(state: Pointer): Unit = {
    of(state).net.forward()
    ()
  }

  override def backward(state: Pointer): Unit = of(state).net.backward()

  override def solver_step(state: Pointer, step: Int): Int = {
    of(state).solver.step(step)
    0
  }

  override def solver_test(state: Pointer, num_steps: Int): Unit = of(state).test(num_steps)

  override def num_test_scores(state: Pointer): Int = of(state).scores.length

  override def get_test_score(state: Pointer, test_score_layer_idx: Int): Float =
    item("test score", of(state).scores, test_score_layer_idx)

  override def num_layers(state: Pointer): Int = of(state).net.layerNames.length

  override def layer_name(state: Pointer, layer_idx: Int): String =
    item("layer", of(state).net.layerNames, layer_idx)

  override def num_layer_weights(state: Pointer, layer_idx: Int): Int =
    of(state).net.numParams(layer_idx)

  override def num_data_blobs(state: Pointer): Int = of(state).net.blobNames.length

  override def get_data_blob(state: Pointer, blob_idx: Int): Pointer =
    of(state).net.blob(blob_idx).reference

  override def get_data_blob_name(state: Pointer, blob_idx: Int): String =
    item("blob", of(state).net.blobNames, blob_idx)

  override def get_weight_blob(state: Pointer, layer_idx: Int, weight_idx: Int): Pointer =
    of(state).net.param(layer_idx, weight_idx).reference

  override def get_data(blob: Pointer): Pointer = NativeBlob.of(blob).pointer(NativeBlob.Data)

  override def get_diff(blob: Pointer): Pointer = NativeBlob.of(blob).pointer(NativeBlob.Diff)

  override def get_num_axes(blob: Pointer): Int = NativeBlob.of(blob).shape.length

  override def get_axis_shape(blob: Pointer, axis: Int): Int = {
    val shape = NativeBlob.of(blob).shape
    item("axis", shape, if (axis < 0) axis + shape.length else axis)
  }

  override def set_mode_cpu(): Unit = Engine.setGpuMode(false)

  override def set_mode_gpu(): Unit = Engine.setGpuMode(true)

  override def set_device(gpu_id: Int): Unit = Engine.setDevice(gpu_id)

  override def load_weights_from_file(state: Pointer, filename: String): Unit =
    of(state).net.load(filename)

  override def restore_solver_from_file(state: Pointer, filename: String): Unit =
    of(state).solver.restore(filename)

  override def parse_net_prototxt(state: Pointer, filename: String): Boolean = {
    of(state).keep(Engine.netBytes(filename))
    true
  }

  override def parse_solver_prototxt(state: Pointer, filename: String): Boolean = {
    of(state).keep(Engine.solverBytes(filename))
    true
  }

  override def get_prototxt_len(state: Pointer): Int = of(state).messageLength

  override def get_prototxt_data(state: Pointer): Pointer = of(state).messageData

  private def of(state: Pointer): NativeState =
    Option(state).flatMap(p => Option(states.get(Pointer.nativeValue(p)))).getOrElse {
      throw new CaffeException(Status.INVALID_HANDLE, s"$state is not a state, or was destroyed")
    }

  private def setCallback(
      net: NativeNet,
      layer: Int,
      callback: CaffeLibrary.java_callback_t
  ): Int = {
    val layers = net.proto.getLayerList
    if (layer < 0 || layer >= layers.size) -1
    else if (layers.get(layer).getType != "JavaData") -2
    else {
      net.setData(layer, if (callback == null) null else callback.invoke(_, _, _, _))
      0
    }
  }

  private def bytes(message: Pointer, length: Int): Array[Byte] =
    if (message == null || length < 0)
      throw new CaffeException(Status.INVALID_ARGUMENT, s"a message of $length bytes at $message")
    else if (length == 0) Array.empty
    else message.getByteArray(0, length)

  private def item[A](what: String, items: Array[A], index: Int): A =
    if (index >= 0 && index < items.length) items(index)
    else
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"there is no $what $index: there are ${items.length}"
      )
}
