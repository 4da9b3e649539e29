package historical

import java.io._

import scala.collection.mutable.{Map, MutableList}

import caffe.Caffe._
import com.sun.jna.{Memory, Pointer}
import libs._
import org.scalatest._
import support._

/** Every public symbol of the Scala part of `libs`, with names, defaults and types of the original.
  */
class ScalaLibsSpec extends FlatSpec {
  private val netParameter: NetParameter = NetParam(
    "net",
    RDDLayer("data", shape = List(2, 3, 1, 1), include = None),
    RDDLayer("label", shape = List(2, 1), None),
    InnerProductLayer(name = "ip1", bottom = List("data"), numOutput = 2),
    SoftmaxWithLoss(name = "loss", bottom = List("ip1", "label"))
  )

  private def inFolder[A](test: File => A): A = Temporary.folder { folder =>
    val solver = new PrintWriter(new File(folder.toFile, "solver.prototxt"))
    solver.write(
      "net: \"n\" base_lr: 1 lr_policy: \"fixed\" snapshot: 7 snapshot_prefix: \"old\" " +
        "test_iter: 1 test_interval: 100"
    )
    solver.close()
    val net = new PrintWriter(new File(folder.toFile, "net.prototxt"))
    net.write(netParameter.toString) // text format
    net.close()
    test(folder.toFile)
  }

  /** Two images of pure colours, of which 255 is meant to arrive as 255. */
  private val minibatch: (Array[ByteImage], Array[Int]) = (
    Array(
      new ByteImage(Array[Byte](-1, 0, 0), 1, 1),
      new ByteImage(Array[Byte](0, -1, 0), 1, 1)
    ),
    Array(0, 1)
  )

  private val toUnit: (ByteImage, Array[Float]) => scala.Unit =
    (im: ByteImage, buffer: Array[Float]) => {
      im.cropInto(buffer, Array(0, 0), Array(1, 1))
      var i = 0
      while (i < buffer.length) {
        buffer(i) = buffer(i) / 255f
        i += 1
      }
    }

  private def sampler(n: Int): MinibatchSampler =
    new MinibatchSampler(
      minibatchIt = Iterator.fill(n)(minibatch),
      totalNumBatches = n,
      numSampledBatches = n
    )

  "NDArray" should "have the original's surface" taggedAs support.Unit in {
    val v: NDArray = NDArray(data = Array(1f, 2f, 3f, 4f), shape = Array(2, 2))
    val javaArray: JavaNDArray = v.javaArray
    val dim: Int = v.dim
    val shape: Array[Int] = v.shape
    assert(javaArray.get(1, 0) == 3f && dim == 2 && shape.toSeq == Seq(2, 2))
    val sub: NDArray = v.subarray(lowerOffsets = Array(0, 1), upperOffsets = Array(2, 2))
    val slice: NDArray = v.slice(axis = 0, index = 1)
    assert(sub.toFlat().toSeq == Seq(2f, 4f) && slice.toFlat().toSeq == Seq(3f, 4f))
    v.set(indices = Array(0, 0), value = 5f)
    val got: Float = v.get(indices = Array(0, 0))
    val copy = new Array[Float](4)
    v.flatCopy(result = copy)
    val buffer: Array[Float] = sub.getBuffer()
    assert(got == 5f && copy.toSeq == Seq(5f, 2f, 3f, 4f) && buffer.length == 4)
    val zeros: NDArray = NDArray.zeros(shape = Array(2, 2))
    zeros.add(that = v)
    val sum: NDArray = NDArray.plus(v1 = zeros, v2 = v)
    sum.subtract(that = v)
    sum.scalarDivide(v = 2f)
    assert(sum.toFlat().toSeq == Seq(2.5f, 1f, 1.5f, 2f))
    val serializable: Serializable = sum
    assert(serializable != null)
  }

  "WeightCollection" should "have the original's surface" taggedAs support.Unit in {
    val blobs: Map[String, MutableList[NDArray]] =
      Map("ip" -> MutableList(NDArray(Array(2f, 4f), Array(2))), "relu" -> MutableList())
    val wc: WeightCollection =
      new WeightCollection(allWeights = blobs, layerNames = List("ip", "relu"))
    val all: Map[String, MutableList[NDArray]] = wc.allWeights
    val names: List[String] = wc.layerNames
    val n: Int = wc.numLayers
    assert((all.size, names, n) == ((2, List("ip", "relu"), 2)))
    wc.scalarDivide(v = 2f)
    val sum: WeightCollection = WeightCollection.add(wc1 = wc, wc2 = wc)
    assert(sum.allWeights("ip")(0).toFlat().toSeq == Seq(2f, 4f))
    val bytes = new ByteArrayOutputStream()
    new ObjectOutputStream(bytes).writeObject(sum)
    val companion: Serializable = WeightCollection
    assert(bytes.size > 0 && companion != null)
  }

  "MinibatchSampler" should "have the original's surface" taggedAs support.Unit in {
    val minibatches = (0 until 10).map { i =>
      (Array(new ByteImage(Array[Byte](i.toByte, 0, 0), 1, 1)), Array(i))
    }
    val s = new MinibatchSampler(minibatches.iterator, 10, 4)
    val it: Iterator[(Array[ByteImage], Array[Int])] = s.it
    val r: scala.util.Random.type = s.r
    val start: Int = s.startIdx
    val indices: Array[Int] = s.indices
    assert(it.hasNext && r.nextInt(1) == 0 && start >= 0 && start <= 6)
    assert(indices.toSeq == (start until start + 4))
    assert((s.indicesIndex, s.currMinibatchPosition) == ((0, -1)))
    for (i <- 0 until 4) {
      val images: Array[ByteImage] = s.nextImageMinibatch()
      val current: Option[Array[ByteImage]] = s.currMinibatchImages
      val labels: Option[Array[Int]] = s.currMinibatchLabels
      assert(current.get.sameElements(images) && labels.get.toSeq == Seq(s.indices(i)))
      val next: Array[Int] = s.nextLabelMinibatch()
      assert(images(0).getRed(0, 0) == s.indices(i) && next.toSeq == Seq(s.indices(i)))
    }
    s.it = minibatches.iterator
    s.indicesIndex = 0
    s.currMinibatchPosition = -1
    s.currMinibatchImages = None
    s.currMinibatchLabels = None
    assert(s.nextLabelMinibatch().toSeq == Seq(start))
    // Meant: a partition with fewer minibatches than tau trains, too.
    val few = new MinibatchSampler(minibatches.iterator.take(1), 1, 3)
    for (_ <- 0 until 6) few.nextLabelMinibatch()
  }

  "ProtoLoader" should "have the original's surface" taggedAs Boundary in inFolder { folder =>
    val file = folder + "/solver.prototxt"
    val plain: SolverParameter = ProtoLoader.loadSolverPrototxt(filename = file)
    assert(plain.getNet == "n")
    var net: NetParameter = ProtoLoader.loadNetPrototxt(filename = folder + "/net.prototxt")
    net = ProtoLoader.replaceDataLayers(
      netParameter = net,
      trainBatchSize = 4,
      testBatchSize = 2,
      numChannels = 3,
      height = 1,
      width = 1
    )
    assert(net.getLayerCount == 6 && net.getLayer(5).getName == "loss")
    val cleared: SolverParameter = ProtoLoader.loadSolverPrototxtWithNet(
      solverFilename = file,
      netParameter = net,
      snapshotPath = None
    )
    assert(!cleared.hasSnapshot && !cleared.hasSnapshotPrefix && !cleared.hasNet)
    assert(cleared.getNetParam == net)
    val both: SolverParameter = ProtoLoader.loadSolverWithNetPrototxt(
      solverFilename = file,
      netFilename = folder + "/net.prototxt",
      snapshotPath = Some("new")
    )
    assert(both.getSnapshotPrefix == "new" && both.getNetParam.getName == "net")
  }

  "CaffeNet" should "have the original's surface" taggedAs Boundary in inFolder { folder =>
    val solver = ProtoLoader.loadSolverPrototxtWithNet(
      folder + "/solver.prototxt",
      netParameter,
      None
    )
    val caffeNet: CaffeNet = CaffeNet(solverParameter = solver)
    val numLayers: Int = caffeNet.numLayers
    val layerNames: List[String] = caffeNet.layerNames
    val layerNumBlobs: List[Int] = caffeNet.layerNumBlobs
    val sizes: (Int, Int) = (caffeNet.dtypeSize, caffeNet.intSize)
    assert((numLayers, layerNames) == ((4, List("data", "label", "ip1", "loss"))))
    assert(layerNumBlobs == List(0, 0, 2, 0) && sizes == ((4, 4)))

    val none: Seq[Option[CaffeLibrary.java_callback_t]] = Seq(
      caffeNet.imageTrainCallback,
      caffeNet.labelTrainCallback,
      caffeNet.imageTestCallback,
      caffeNet.labelTestCallback
    )
    assert(none.forall(_.isEmpty) && caffeNet.numTestBatches == None)

    caffeNet.setTestData(minibatchSampler = sampler(1), len = 1) // the default: no preprocessing
    caffeNet.test()
    caffeNet.setTrainData(minibatchSampler = sampler(1), trainPreprocessing = Some(toUnit))
    caffeNet.train(numSteps = 1)
    caffeNet.setTestData(minibatchSampler = sampler(2), len = 2, testPreprocessing = Some(toUnit))
    val scores: Array[Float] = caffeNet.test()
    assert(scores.length == 1)
    assert(math.abs(scores(0) - 2 * math.log(1 + math.exp(-0.5))) < 1e-5)
    val len: Option[Int] = caffeNet.numTestBatches
    assert(len == Some(2) && caffeNet.labelTestCallback.isDefined)

    val weights: WeightCollection = caffeNet.getWeights()
    weights.scalarDivide(0.5f)
    caffeNet.setWeights(allWeights = weights)
    assert(caffeNet.getWeights().allWeights("ip1")(0).toFlat()(0) == 0.5f)

    caffeNet.setTrainData(sampler(1)) // once more the default
    val callback: CaffeLibrary.java_callback_t = caffeNet.makeLabelCallback(sampler(1))
    val memory = new Memory(8)
    val shape = new Memory(4)
    shape.setInt(0, 1)
    callback.invoke(memory, 2, 1, shape)
    assert(memory.getFloatArray(0, 2).toSeq == Seq(0f, 1f))
    assertThrows[RuntimeException](caffeNet.loadWeightsFromFile(filename = folder + "/none"))

    // The defaults are those of the trait, too; there the parameter of setWeights is "weights".
    val net: Net = caffeNet
    net.setTrainData(sampler(1))
    net.setTestData(sampler(1), 1)
    net.train(1)
    net.setWeights(weights = weights)
    assert(net.getWeights().numLayers == 4 && net.test().length == 1)

    val library: CaffeLibrary = CaffeLibrary.INSTANCE
    val state: Pointer = library.create_state()
    val bytes = solver.toByteArray
    val message = new Memory(bytes.length)
    message.write(0, bytes, 0, bytes.length)
    library.load_solver_from_protobuf(state, message, bytes.length)
    val own: CaffeNet = new CaffeNet(state, library)
    assert(own.layerNames == layerNames)
    library.destroy_state(state)
  }
}
