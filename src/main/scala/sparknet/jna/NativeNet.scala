package sparknet.jna

import java.nio.FloatBuffer
import java.nio.charset.StandardCharsets

import scala.collection.JavaConverters._

import caffe.Caffe.NetParameter
import com.sun.jna.{Memory, Pointer}
import com.sun.jna.ptr.{FloatByReference, IntByReference, LongByReference, PointerByReference}

/** A net of the engine. Calls on it, and on its solver if it has one, are serialised. */
final class NativeNet private[jna] (handle: Handle, thrown: Callbacks.Thrown)
    extends AutoCloseable {
  private val library = NativeLoader.library
  private[jna] val callbacks = new Callbacks(thrown)

  /** The net as built: filtered, with Split layers; parameters have shapes and no values. */
  def proto: NetParameter = NetParameter.parseFrom(bytes(library.ccaffe_net_describe))

  /** How passes of the whole net run, in lines that ccaffe.h describes (ccaffe_net_plan). */
  def plan: String = new String(bytes(library.ccaffe_net_plan), StandardCharsets.UTF_8)

  /** Whether blobs have their gradients after a backward pass, as at first. Those of activations
    * share memory otherwise.
    */
  def keepGradients(keep: Boolean): Unit =
    handle.run(library.ccaffe_net_keep_gradients(_, if (keep) 1 else 0))

  /** Which blobs have their values after a pass of the whole net, along with outputs. Others may be left out where that saves time or memory; reading one fails then, and nets of the
    * TEST phase have no backward pass. At first all are kept. The next pass has to be forward.
    */
  def keepValues(names: Array[String]): Unit = {
    val all = blobNames
    val blobs = names.map(indexOf("blob", _, all))
    handle.run(library.ccaffe_net_keep_values(_, blobs, blobs.length))
  }

  /** Names of all layers in order, inserted Splits included. */
  def layerNames: Array[String] =
    Array.tabulate(count(library.ccaffe_net_num_layers(_, _)))(i =>
      name(library.ccaffe_net_layer_name(_, i, _))
    )

  /** Names of all blobs in order of first appearance. */
  def blobNames: Array[String] =
    Array.tabulate(count(library.ccaffe_net_num_blobs(_, _)))(i =>
      name(library.ccaffe_net_blob_name(_, i, _))
    )

  /** Number of parameter blobs of a layer. */
  def numParams(layer: Int): Int = count(library.ccaffe_net_num_params(_, layer, _))

  def blob(index: Int): NativeBlob =
    lend(s"blob $index", library.ccaffe_net_blob(_, index, _))

  def blob(name: String): NativeBlob =
    blob(indexOf("blob", name, blobNames))

  /** Parameter blob `i` of a layer: for most types 0 are the weights, 1 is the bias. */
  def param(layer: Int, i: Int): NativeBlob =
    lend(s"parameter $i of layer $layer", library.ccaffe_net_param(_, layer, i, _))

  def param(layer: String, i: Int): NativeBlob = param(indexOf("layer", layer, layerNames), i)

  /** Names of the blobs that are inputs of the net. */
  def inputs: Array[String] = proto.getInputList.asScala.toArray

  /** Names of the blobs that no layer consumes, in alphabetical order. */
  def outputs: Array[String] = {
    val total = new IntByReference
    handle.run(library.ccaffe_net_outputs(_, null, 0, total))
    val indices = new Array[Int](total.getValue)
    handle.run(library.ccaffe_net_outputs(_, indices, indices.length, total))
    val names = blobNames
    indices.map(names)
  }

  /** Runs all layers and returns the loss. */
  def forward(): Float = forward(-1, -1)

  /** Runs layers first..last; negative: from the first, to the final one. */
  def forward(first: Int, last: Int): Float = {
    val loss = new FloatByReference
    callbacks.during(handle)(library.ccaffe_net_forward(_, first, last, loss))
    loss.getValue
  }

  /** Runs all layers backward; parameter gradients accumulate. */
  def backward(): Unit = backward(-1, -1)

  /** Runs layers last..first backward; negative: from the final one, to the first. */
  def backward(last: Int, first: Int): Unit =
    callbacks.during(handle)(library.ccaffe_net_backward(_, last, first))

  def clearGradients(): Unit = handle.run(library.ccaffe_net_clear_gradients(_))

  /** Carries changed shapes of inputs through the net. */
  def reshape(): Unit = handle.run(library.ccaffe_net_reshape(_))

  /** Loads weights by layer name from a caffemodel, one of whose layers must be in the net.
    *
    * @return
    *   one line that says what was taken and what is only in the file or only in the net
    */
  def load(path: String): String =
    lent(p => Buffers.text(library.ccaffe_net_load(p, path, _)))

  /** Writes the weights as a caffemodel. */
  def save(path: String): Unit = handle.run(library.ccaffe_net_save(_, path))

  /** Sets what fills the JavaData layers, all at once; null: nothing any more.
    *
    * What it throws becomes the cause of the exception that the running call throws.
    */
  def setFeed(feed: Feed): Unit = {
    val callback = Option(feed).map(callbacks.of)
    handle.run { p =>
      val status = library.ccaffe_net_set_feed(p, callback.orNull, null)
      if (status == Status.OK.code) callbacks.keepFeed(callback)
      status
    }
  }

  /** Sets what fills one JavaData layer, by its index among all layers; null removes it. */
  def setData(layer: Int, fill: DataFill): Unit = {
    val callback = Option(fill).map(callbacks.of)
    handle.run { p =>
      val status = library.ccaffe_net_set_data_callback(p, layer, callback.orNull, null)
      if (status == Status.OK.code) callbacks.keepData(layer, callback)
      status
    }
  }

  /** Sets the number of items that each JavaData layer takes per forward pass. */
  def setBatchSize(n: Int): Unit = handle.run(library.ccaffe_net_set_batch_size(_, n))

  /** Gives a MemoryData layer, by its index among all layers, the items that it goes through from
    * now on; they are copied.
    *
    * @param data
    *   channels * height * width values for each label, item after item
    * @param labels
    *   as many as there are items: a positive multiple of the layer's batch size
    */
  def setMemoryData(layer: Int, data: Array[Float], labels: Array[Float]): Unit = {
    val values = NativeNet.copy(data)
    val marks = NativeNet.copy(labels)
    try
      setMemoryData(
        layer,
        Pointer.nativeValue(values),
        data.length.toLong,
        Pointer.nativeValue(marks),
        labels.length.toLong
      )
    finally {
      values.close()
      marks.close()
    }
  }

  /** As above, from the addresses of native memory. */
  def setMemoryData(
      layer: Int,
      data: Long,
      dataCount: Long,
      labels: Long,
      labelCount: Long
  ): Unit = handle.run(
    library.ccaffe_net_set_memory_data(
      _,
      layer,
      new Pointer(data),
      dataCount,
      new Pointer(labels),
      labelCount
    )
  )

  /** Name and top shape of each JavaData layer, in order. */
  def feedShapes: Array[(String, Array[Int])] =
    lent(p => Buffers.lines(library.ccaffe_net_feed_shapes(p, _))).map { line =>
      val fields = line.split(' ')
      val dims = fields.reverse.takeWhile(_.matches("\\d+")).reverse
      (
        fields.dropRight(dims.length).mkString(" "),
        dims.map(d => Counts.toInt(d.toLong, s"an extent of '${fields(0)}'"))
      )
    }

  /** Which parameters the flat array of weights holds, and where. */
  def weightsLayout: WeightsLayout =
    WeightsLayout.of(NetParameter.parseFrom(bytes(library.ccaffe_net_weights_layout)))

  def weightsCount: Int = {
    val total = new LongByReference
    handle.run(library.ccaffe_net_weights_count(_, total))
    Counts.toInt(total.getValue, "the number of weights")
  }

  /** Copies all weights into `into`, whose length is [[weightsCount]]. */
  def readWeights(into: Array[Float]): Unit = readWeights(FloatBuffer.wrap(into))

  /** Copies all weights into `into`, from its position to its limit: [[weightsCount]] values.
    *
    * A direct buffer, which must be of native byte order, is filled without another copy. Position
    * and limit stay.
    */
  def readWeights(into: FloatBuffer): Unit = {
    val values = Buffers.writable(into)
    handle.run(library.ccaffe_net_read_weights(_, values, values.remaining.toLong))
  }

  /** Sets all weights; the length of `from` is [[weightsCount]]. */
  def writeWeights(from: Array[Float]): Unit = writeWeights(FloatBuffer.wrap(from))

  /** Sets all weights to what `from` holds from its position to its limit; as [[readWeights]]. */
  def writeWeights(from: FloatBuffer): Unit = {
    val values = Buffers.readable(from)
    handle.run(library.ccaffe_net_write_weights(_, values, values.remaining.toLong))
  }

  /** Frees the net; nothing for a solver's net, which goes with its solver. */
  override def close(): Unit = handle.close()

  private def lent[A](function: Pointer => A): A = {
    var result: Option[A] = None
    handle.run { p =>
      result = Some(function(p))
      Status.OK.code
    }
    result.get
  }

  private def bytes(function: (Pointer, PointerByReference) => Int): Array[Byte] =
    lent(p => Buffers.bytes(function(p, _)))

  private def count(function: (Pointer, IntByReference) => Int): Int = {
    val result = new IntByReference
    handle.run(function(_, result))
    result.getValue
  }

  private def name(function: (Pointer, PointerByReference) => Int): String = lent { p =>
    val result = new PointerByReference
    Check.ok(function(p, result))
    Buffers.string(result.getValue)
  }

  private def lend(what: String, function: (Pointer, PointerByReference) => Int): NativeBlob = {
    val result = new PointerByReference
    handle.run(function(_, result))
    new NativeBlob(handle.lend(what, result.getValue))
  }

  private def indexOf(kind: String, name: String, names: Array[String]): Int = {
    val index = names.indexOf(name)
    if (index < 0)
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"the net has no $kind '$name'; it has ${names.mkString(", ")}"
      )
    index
  }
}

object NativeNet {
  val Train: Int = CCaffe.PHASE_TRAIN
  val Test: Int = CCaffe.PHASE_TEST

  /** The phase that the message's own state says, TEST by default. */
  val OwnPhase: Int = CCaffe.PHASE_OF_NET

  def apply(param: NetParameter, phase: Int): NativeNet = fromBytes(param.toByteArray, phase)

  // Native memory of the caller's: JNA would copy an array in both directions.
  private def copy(values: Array[Float]): Memory = {
    val memory = new Memory(math.max(4L, 4L * values.length))
    memory.write(0, values, 0, values.length)
    memory
  }

  /** From a serialised NetParameter. */
  def fromBytes(param: Array[Byte], phase: Int): NativeNet =
    fromBytes(param, phase, threads = 0, seed = -1)

  /** From a serialised NetParameter.
    *
    * @param threads
    *   how many the net computes with; 0: as many as the machine has cores
    * @param seed
    *   of the net's generator; below 0: from the system
    */
  def fromBytes(param: Array[Byte], phase: Int, threads: Int, seed: Long): NativeNet = {
    val library = NativeLoader.library
    val net = new PointerByReference
    Check.ok(library.ccaffe_net_create(param, param.length.toLong, phase, threads, seed, net))
    val handle = Handle.owned("net", net.getValue, library.ccaffe_net_destroy(_))
    new NativeNet(handle, new Callbacks.Thrown)
  }

  /** From a prototxt file. */
  def fromFile(path: String, phase: Int): NativeNet =
    fromBytes(Engine.netBytes(path), phase)

  /** From the text of a prototxt. */
  def fromText(text: String, phase: Int): NativeNet = apply(Engine.parseNetText(text), phase)
}
