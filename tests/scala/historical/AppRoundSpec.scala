package historical

// The wildcard imports of the original's apps and tests, all at once: no name may clash.
import java.io._

import caffe._
import caffe.Caffe._
import com.sun.jna.{Memory, Pointer}
import libs._
import loaders._
import org.apache.spark.SparkContext
import org.apache.spark.rdd.RDD
import org.scalatest.flatspec.AnyFlatSpec
import preprocessing._
import support.{LocalSpark, SparkTag}

/** A round of training written as the original's apps were written; every type is checked by the
  * compiler, and the round is run on a net of 2x2 images.
  */
class AppRoundSpec extends AnyFlatSpec {
  private def netParameter: NetParameter = {
    var netParam = NetParam(
      "net",
      RDDLayer("data", shape = List(4, 3, 2, 2), None),
      RDDLayer("label", shape = List(4, 1), include = None),
      ConvolutionLayer("conv1", List("data"), kernel = (1, 1), numOutput = 2),
      PoolingLayer("pool1", List("conv1"), pooling = Pooling.Max, kernel = (2, 2), stride = (2, 2)),
      ReLULayer("relu1", List("pool1")),
      InnerProductLayer("ip1", List("relu1"), numOutput = 2),
      SoftmaxWithLoss("loss", List("ip1", "label"))
    )
    netParam = ProtoLoader.replaceDataLayers(netParam, 4, 2, 3, 2, 2)
    netParam
  }

  /** As CifarApp makes its RDDs. */
  def trainRDD(sc: SparkContext, loader: CifarLoader): RDD[(Array[Byte], Int)] =
    sc.parallelize(loader.trainImages.zip(loader.trainLabels))

  private def solver(folder: File): SolverParameter = {
    val file = new File(folder, "solver.prototxt")
    val writer = new PrintWriter(file)
    writer.write("base_lr: 0.1 lr_policy: \"fixed\" test_iter: 1 test_interval: 1000000")
    writer.close()
    ProtoLoader.loadSolverPrototxtWithNet(file.getPath, netParameter, None)
  }

  private def round(sc: SparkContext, folder: File): Float = {
    val syncInterval = 3
    val numWorkers = 2
    var trainRDD = sc.parallelize((0 until 40).map(i => (Array.fill[Byte](12)(i.toByte), i % 2)))
    trainRDD = trainRDD.repartition(numWorkers)
    val trainConverter = new ScaleAndConvert(4, 2, 2)
    val trainMinibatchRDD: RDD[(Array[ByteImage], Array[Int])] =
      trainConverter.makeMinibatchRDDWithoutCompression(trainRDD).persist()
    val testMinibatchRDD =
      new ScaleAndConvert(2, 2, 2).makeMinibatchRDDWithoutCompression(trainRDD).persist()
    val numTest = testMinibatchRDD.count()
    val trainSizes = trainMinibatchRDD.mapPartitions(iter => Array(iter.size).iterator).persist()
    val testSizes = testMinibatchRDD.mapPartitions(iter => Array(iter.size).iterator).persist()
    val meanImage = ComputeMean(trainMinibatchRDD, Array[Int](3, 2, 2), 40).getBuffer()
    val broadcastMean = sc.broadcast(meanImage)

    RoundNet.solver = solver(folder)
    var netWeights = RoundNet.net.getWeights()
    val broadcastWeights = sc.broadcast(netWeights)
    val workers = sc.parallelize(Array.range(0, numWorkers), numWorkers)
    workers.foreach(_ => RoundNet.net.setWeights(broadcastWeights.value))

    val preprocess = (im: ByteImage, buffer: Array[Float]) => {
      im.cropInto(buffer, Array[Int](0, 0), Array[Int](2, 2))
      var i = 0
      while (i < buffer.length) {
        buffer(i) = buffer(i) - broadcastMean.value(i)
        i += 1
      }
    }
    val testScores = testSizes
      .zipPartitions(testMinibatchRDD) { (lenIt, testMinibatchIt) =>
        val len = lenIt.next()
        val minibatchSampler = new MinibatchSampler(testMinibatchIt, len, len)
        RoundNet.net.setTestData(minibatchSampler, len, None)
        Array(RoundNet.net.test()).iterator
      }
      .reduce((a, b) => a.zip(b).map { case (x, y) => x + y })
    trainSizes
      .zipPartitions(trainMinibatchRDD) { (lenIt, trainMinibatchIt) =>
        val minibatchSampler = new MinibatchSampler(trainMinibatchIt, lenIt.next(), syncInterval)
        RoundNet.net.setTrainData(minibatchSampler, Some(preprocess))
        RoundNet.net.train(syncInterval)
        Array(0).iterator
      }
      .foreachPartition(_ => ())
    netWeights =
      workers.map(_ => RoundNet.net.getWeights()).reduce((a, b) => WeightCollection.add(a, b))
    netWeights.scalarDivide(1f * numWorkers)
    assert(netWeights.allWeights("ip1")(1).toFlat().exists(_ != 0f))
    testScores(0) / numTest
  }

  "An app of the original" should "compile and run unchanged" taggedAs SparkTag in {
    val folder = java.nio.file.Files.createTempDirectory("app").toFile
    try {
      val loss = round(LocalSpark.context, folder)
      // Without fillers all weights start at 0: the loss of a guess between two.
      assert(math.abs(loss - math.log(2)) < 1e-5)
    } finally {
      folder.listFiles.foreach(_.delete())
      folder.delete()
      RoundNet.net.close()
    }
  }

  it should "compile its callbacks" taggedAs SparkTag in {
    val buffer = new Array[Float](3 * 227 * 227)
    val image = new ByteImage(256, 256)
    val callback = new CaffeLibrary.java_callback_t() {
      def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): Unit = {
        image.cropInto(buffer, Array[Int](0, 0), Array[Int](227, 227))
        data.write(0, buffer, 0, buffer.length)
      }
    }
    val memory = new Memory(4L * buffer.length)
    memory.setFloat(0, 1f)
    callback.invoke(memory, 1, 0, Pointer.NULL)
    assert(memory.getFloat(0) == 0f)
    val phase: Phase = Phase.TRAIN
    val shape = BlobShape.newBuilder().addDim(phase.getNumber)
    assert(
      Caffe.LayerParameter
        .newBuilder()
        .setJavaDataParam(
          JavaDataParameter.newBuilder().setShape(shape)
        )
        .hasJavaDataParam
    )
  }
}

/** One net per JVM, as the apps have it. */
object RoundNet {
  var solver: SolverParameter = _
  lazy val net: CaffeNet = CaffeNet(solver)
}
