package apps

// Training on CIFAR-10 as it was written for the original SparkNet: a constant for the home
// folder, the net in a singleton of each JVM, one task per worker. Compiled and run by
// tests/e2e/test_historical_apps.py; the loop, endless there, has an end here.

import java.io._

import org.apache.spark.SparkContext
import org.apache.spark.SparkConf

import libs._
import loaders._
import preprocessing._

object CifarLikeApp {
  val trainBatchSize = 100
  val testBatchSize = 100
  val channels = 3
  val height = 32
  val width = 32
  val syncInterval = 10

  val sparkNetHome = "@SPARKNET_HOME@"

  // What each JVM builds when it first touches this object.
  System.load(sparkNetHome + "/build/libccaffe.so")
  var netParameter = ProtoLoader.loadNetPrototxt(
    sparkNetHome + "/caffe/examples/cifar10/cifar10_full_train_test.prototxt")
  netParameter = ProtoLoader.replaceDataLayers(
    netParameter, trainBatchSize, testBatchSize, channels, height, width)
  val solverParameter = ProtoLoader.loadSolverPrototxtWithNet(
    sparkNetHome + "/caffe/examples/cifar10/cifar10_full_solver.prototxt", netParameter, None)
  val net = CaffeNet(solverParameter)

  def main(args: Array[String]) {
    val numWorkers = args(0).toInt
    val conf = new SparkConf()
      .setAppName("CifarLike")
      .set("spark.driver.maxResultSize", "5G")
      .set("spark.task.maxFailures", "1")
    val sc = new SparkContext(conf)

    val startTime = System.currentTimeMillis()
    val trainingLog = new PrintWriter(new File("training_log_" + startTime.toString + ".txt"))
    def log(message: String, i: Int = -1) {
      val seconds = 1F * (System.currentTimeMillis() - startTime) / 1000
      if (i == -1) {
        trainingLog.write(seconds.toString + ": " + message + "\n")
      } else {
        trainingLog.write(seconds.toString + ", i = " + i.toString + ": " + message + "\n")
      }
      trainingLog.flush()
    }

    val loader = new CifarLoader(args(1))
    log("loading train data")
    var trainRDD = sc.parallelize(loader.trainImages.zip(loader.trainLabels).take(4000))
    log("loading test data")
    var testRDD = sc.parallelize(loader.testImages.zip(loader.testLabels).take(800))

    log("repartition data")
    trainRDD = trainRDD.repartition(numWorkers)
    testRDD = testRDD.repartition(numWorkers)

    log("processing train data")
    val trainConverter = new ScaleAndConvert(trainBatchSize, height, width)
    val trainMinibatchRDD = trainConverter.makeMinibatchRDDWithoutCompression(trainRDD).persist()
    val numTrainMinibatches = trainMinibatchRDD.count()
    log("numTrainMinibatches = " + numTrainMinibatches.toString)

    log("processing test data")
    val testConverter = new ScaleAndConvert(testBatchSize, height, width)
    val testMinibatchRDD = testConverter.makeMinibatchRDDWithoutCompression(testRDD).persist()
    val numTestMinibatches = testMinibatchRDD.count()
    log("numTestMinibatches = " + numTestMinibatches.toString)

    val trainPartitionSizes =
      trainMinibatchRDD.mapPartitions(iter => Array(iter.size).iterator).persist()
    val testPartitionSizes =
      testMinibatchRDD.mapPartitions(iter => Array(iter.size).iterator).persist()
    log("trainPartitionSizes = " + trainPartitionSizes.collect().deep.toString)
    log("testPartitionSizes = " + testPartitionSizes.collect().deep.toString)

    val workers = sc.parallelize(Array.range(0, numWorkers), numWorkers)
    var netWeights = net.getWeights()

    var i = 0
    while (i <= 10) {
      log("broadcasting weights", i)
      val broadcastWeights = sc.broadcast(netWeights)
      log("setting weights on workers", i)
      workers.foreach(_ => net.setWeights(broadcastWeights.value))

      if (i % 10 == 0) {
        log("testing, i")
        val testAccuracies = testPartitionSizes.zipPartitions(testMinibatchRDD)(
          (lenIt, testMinibatchIt) => {
            assert(lenIt.hasNext && testMinibatchIt.hasNext)
            val len = lenIt.next
            val minibatchSampler = new MinibatchSampler(testMinibatchIt, len, len)
            net.setTestData(minibatchSampler, len, None)
            Array(net.test()).iterator // array of one array of scores
          }
        )
        val accuracies = testAccuracies.reduce((a, b) => (a, b).zipped.map(_ + _))
        val accuracy = accuracies(0) / numTestMinibatches
        log("%.2f".format(100F * accuracy) + "% accuracy", i)
      }

      log("training", i)
      trainMinibatchRDD.zipPartitions(trainPartitionSizes)(
        (trainMinibatchIt, lenIt) => {
          val len = lenIt.next
          val minibatchSampler = new MinibatchSampler(trainMinibatchIt, len, syncInterval)
          net.setTrainData(minibatchSampler, None)
          net.train(syncInterval)
          Array(0).iterator
        }
      ).foreachPartition(x => ())

      log("collecting weights", i)
      netWeights = workers.map(_ => { net.getWeights() }).reduce((a, b) => WeightCollection.add(a, b))
      netWeights.scalarDivide(1F * numWorkers)
      i += 1
    }

    log("finished training")
    sc.stop()
  }
}
