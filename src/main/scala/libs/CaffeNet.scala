package libs

import java.lang.ref.Cleaner

import scala.collection.mutable.{Map, MutableList}

import caffe.Caffe.SolverParameter
import com.sun.jna.{Memory, Pointer}
import sparknet.jna.{CaffeException, Status}

/** A solver's nets, fed with minibatches of images: JavaData layers 0 (images) and 1 (labels).
  *
  * Tasks of one JVM may share a net: from a task's first call to its end the net is its own, and
  * other tasks wait. In the driver's JVM calls outside tasks wait for tasks, too. A task's calls are
  * to be made on the task's own thread.
  *
  * @param state
  *   from `create_state`, with a solver loaded; the caller's, unless [[close]] is called here
  */
class CaffeNet(state: Pointer, library: CaffeLibrary) extends Net with AutoCloseable {
  val numLayers: Int = library.num_layers(state)
  val layerNames: List[String] = List.tabulate(numLayers)(library.layer_name(state, _))
  val layerNumBlobs: List[Int] = List.tabulate(numLayers)(library.num_layer_weights(state, _))
  val dtypeSize: Int = library.get_dtype_size()
  val intSize: Int = library.get_int_size()

  // Kept here, as native code would not keep them from the garbage collector.
  var imageTrainCallback: Option[CaffeLibrary.java_callback_t] = None
  var labelTrainCallback: Option[CaffeLibrary.java_callback_t] = None
  var imageTestCallback: Option[CaffeLibrary.java_callback_t] = None
  var labelTestCallback: Option[CaffeLibrary.java_callback_t] = None
  var numTestBatches: Option[Int] = None

  // Null: data come through callbacks of the user's own, or not at all.
  private var trainMinibatches: MinibatchCallback = _
  private var testMinibatches: MinibatchCallback = _
  // 0: not known, so nothing can be put together ahead.
  private var minibatchesPerStep = 0
  private val lease = new TaskLease(this)
  private var closed = false
  private var cleanable: Option[Cleaner.Cleanable] = None

  override def setTrainData(
      minibatchSampler: MinibatchSampler,
      trainPreprocessing: Option[(ByteImage, Array[Float]) => Unit] = None
  ): Unit = lease {
    trainMinibatches = new MinibatchCallback(minibatchSampler, trainPreprocessing)
    imageTrainCallback = Some(trainMinibatches.images)
    labelTrainCallback = Some(trainMinibatches.labels)
    check(0, "train", library.set_train_data_callback(state, 0, imageTrainCallback.get))
    check(1, "train", library.set_train_data_callback(state, 1, labelTrainCallback.get))
  }

  override def setTestData(
      minibatchSampler: MinibatchSampler,
      len: Int,
      testPreprocessing: Option[(ByteImage, Array[Float]) => Unit] = None
  ): Unit = lease {
    numTestBatches = Some(len)
    testMinibatches = new MinibatchCallback(minibatchSampler, testPreprocessing)
    imageTestCallback = Some(testMinibatches.images)
    labelTestCallback = Some(testMinibatches.labels)
    check(0, "test", library.set_test_data_callback(state, 0, imageTestCallback.get))
    check(1, "test", library.set_test_data_callback(state, 1, labelTestCallback.get))
  }

  override def train(numSteps: Int): Unit = lease {
    library.set_mode_gpu()
    feeding(trainMinibatches, numSteps.toLong * minibatchesPerStep) {
      library.solver_step(state, numSteps)
    }
    ()
  }

  override def test(): Array[Float] = lease {
    val batches = numTestBatches.getOrElse(
      throw new CaffeException(Status.STATE, "test() needs setTestData before it")
    )
    library.set_mode_gpu()
    feeding(testMinibatches, batches.toLong)(library.solver_test(state, batches))
    val scores = Array.tabulate(library.num_test_scores(state))(library.get_test_score(state, _))
    println(scores.mkString("testScores = Array(", ", ", ")"))
    scores
  }

  override def setWeights(allWeights: WeightCollection): Unit = lease {
    require(
      allWeights.numLayers == numLayers,
      s"weights of ${allWeights.numLayers} layers for a net of $numLayers"
    )
    // All is compared before the first value changes.
    val values = for ((name, blobs) <- blobsByName) yield {
      val source = allWeights.allWeights.getOrElse(
        name,
        throw new IllegalArgumentException(s"there are no weights of layer $name")
      )
      val shapes = blobs.map(BlobValues.shape(library, _).toList)
      require(
        source.map(_.shape.toList) == shapes,
        s"layer $name has blobs ${shapes.mkString(", ")}; the weights given have " +
          source.map(_.shape.toList).mkString(", ")
      )
      blobs.zip(source)
    }
    for ((blob, array) <- values.flatten) BlobValues.write(library, blob, array.toFlat())
  }

  override def getWeights(): WeightCollection = lease {
    val weights = Map.empty[String, MutableList[NDArray]]
    for ((name, blobs) <- blobsByName)
      weights(name) = MutableList(blobs.map { blob =>
        NDArray(BlobValues.read(library, blob), BlobValues.shape(library, blob))
      }: _*)
    new WeightCollection(weights, layerNames)
  }

  /** Writes the labels of each minibatch as floats. */
  def makeLabelCallback(minibatchSampler: MinibatchSampler): CaffeLibrary.java_callback_t =
    new MinibatchCallback.Labels(minibatchSampler)

  /** Loads weights by layer name. */
  def loadWeightsFromFile(filename: String): Unit = lease {
    library.load_weights_from_file(state, filename)
  }

  /** Frees the native state; the net is of no use then. Closing again is a no-op. */
  override def close(): Unit = lease {
    if (!closed) {
      closed = true
      cleanable.fold(library.destroy_state(state))(_.clean())
    }
  }

  /** Parameter blobs by layer name, in the order of the layers; layers of one name share a list. */
  private def blobsByName: List[(String, List[Pointer])] = {
    val byLayer = layerNumBlobs.zipWithIndex.map { case (count, layer) =>
      List.tabulate(count)(library.get_weight_blob(state, layer, _))
    }
    val named = layerNames.zip(byLayer)
    layerNames.distinct.map(name => name -> named.collect { case (`name`, b) => b }.flatten)
  }

  private def feeding[A](minibatches: MinibatchCallback, count: Long)(body: => A): A =
    if (minibatches == null) body
    else minibatches.during(math.min(count, Int.MaxValue.toLong).toInt)(body)

  private def check(layer: Int, net: String, result: Int): Unit =
    if (result != 0)
      throw new CaffeException(
        Status.BAD_NET,
        s"layer $layer of the $net net does not exist or is not a JavaData layer"
      )
}

object CaffeNet {
  private val cleaner = Cleaner.create()

  /** Builds the nets of a solver; their native state is freed when the net is collected. */
  def apply(solverParameter: SolverParameter): CaffeNet = {
    val library = CaffeLibrary.INSTANCE
    val bytes = solverParameter.toByteArray
    val message = new Memory(math.max(1, bytes.length).toLong)
    message.write(0, bytes, 0, bytes.length)
    val state = library.create_state()
    try {
      library.load_solver_from_protobuf(state, message, bytes.length)
      val net = new CaffeNet(state, library)
      net.minibatchesPerStep = solverParameter.getIterSize
      net.cleanable = Some(cleaner.register(net, () => library.destroy_state(state)))
      net
    } catch {
      case t: Throwable =>
        library.destroy_state(state)
        throw t
    }
  }
}
