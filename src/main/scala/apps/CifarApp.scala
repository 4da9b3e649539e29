package apps

import java.io.File

import caffe.Caffe.SolverParameter
import libs.{ByteImage, CaffeNet, MinibatchSampler, ProtoLoader, WeightCollection}
import loaders.CifarLoader
import org.apache.spark.{SparkConf, SparkContext, SparkEnv}
import preprocessing.{ComputeMean, ScaleAndConvert}

import sparknet.io.{HomeFiles, TrainingLog}
import sparknet.jna.{CaffeException, Engine}

/** Trains cifar10_full or cifar10_quick on Spark: workers train for a few iterations, the driver
  * averages their weights, and again.
  *
  * {{{spark-submit --class apps.CifarApp sparknet-assembly.jar WORKERS [ROUNDS] [DATA] [full|quick]}}}
  *
  * ROUNDS: the solver's max_iter by default, tau iterations a round. DATA: the folder with CIFAR-10's
  * binary files, by default `caffe/data/cifar10` under `SPARKNET_HOME` or here.
  */
object CifarApp {
  private val trainBatchSize = 100
  private val testBatchSize = 100
  private val channels = 3
  private val height = 32
  private val width = 32
  private val syncInterval = 10
  private val testPeriod = 10
  private val usage = "usage: apps.CifarApp WORKERS [ROUNDS] [DATA] [full|quick]"

  private var workerNet = Option.empty[CaffeNet]

  /** The net of this JVM, which an executor's tasks share; it has as many threads as a task cores. */
  private def net(solver: Array[Byte]): CaffeNet = synchronized {
    workerNet.getOrElse {
      val conf = SparkEnv.get.conf
      if (SparkEnv.get.executorId != "driver")
        Engine.setThreads(conf.getInt("spark.task.cpus", 1))
      workerNet = Some(CaffeNet(SolverParameter.parseFrom(solver)))
      workerNet.get
    }
  }

  def main(args: Array[String]): Unit = {
    def argument(i: Int): Option[String] = args.lift(i).filter(_.nonEmpty)
    def number(i: Int): Option[Int] = argument(i).map { text =>
      if (text.matches("[1-9]\\d{0,8}")) text.toInt else stop(s"'$text' is not a number\n$usage")
    }
    val workers = number(0).getOrElse(stop(usage))
    val data = argument(2).getOrElse {
      HomeFiles.home.fold(new File("."))(_.toFile).getPath + "/caffe/data/cifar10"
    }
    val model = argument(3).getOrElse("full")
    if (model != "full" && model != "quick") stop(s"'$model' is neither full nor quick\n$usage")

    val sc = new SparkContext(
      new SparkConf().setAppName("Cifar").set("spark.driver.maxResultSize", "5G")
    )
    val log = new TrainingLog(new File("."))
    // Exit only when Spark has stopped: its own shutdown under way looks like lost executors.
    val failure =
      try {
        train(sc, log, workers, number(1), data, model)
        None
      } catch { case e: CaffeException => Some(e.getMessage) }
      finally {
        log.close()
        sc.stop()
      }
    failure.foreach(stop)
  }

  private def train(
      sc: SparkContext,
      log: TrainingLog,
      workers: Int,
      givenRounds: Option[Int],
      data: String,
      model: String
  ): Unit = {
    val examples = "caffe/examples/cifar10/cifar10_" + model
    val netParameter = ProtoLoader.replaceDataLayers(
      ProtoLoader.loadNetPrototxt(HomeFiles.file(s"${examples}_train_test.prototxt")),
      trainBatchSize,
      testBatchSize,
      channels,
      height,
      width
    )
    val solverFile = HomeFiles.file(s"${examples}_solver.prototxt")
    val solverParameter = ProtoLoader.loadSolverPrototxtWithNet(solverFile, netParameter, None)
    val solver = solverParameter.toByteArray
    val rounds = givenRounds.getOrElse(math.max(1, solverParameter.getMaxIter / syncInterval))

    log("loading train data")
    val loader = new CifarLoader(data)
    val trainRDD = sc.parallelize(loader.trainImages.zip(loader.trainLabels))
    log("loading test data")
    val testRDD = sc.parallelize(loader.testImages.zip(loader.testLabels))

    log("repartition data")
    val converter = new ScaleAndConvert(trainBatchSize, height, width)
    val testConverter = new ScaleAndConvert(testBatchSize, height, width)
    log("processing train data")
    val trainMinibatches =
      converter.makeMinibatchRDDWithoutCompression(trainRDD.repartition(workers)).persist()
    val numTrainMinibatches = trainMinibatches.count()
    log(s"numTrainMinibatches = $numTrainMinibatches")
    log("processing test data")
    val testMinibatches =
      testConverter.makeMinibatchRDDWithoutCompression(testRDD.repartition(workers)).persist()
    val numTestMinibatches = testMinibatches.count()
    log(s"numTestMinibatches = $numTestMinibatches")

    log("computing mean image")
    val numTrainData = numTrainMinibatches.toInt * trainBatchSize
    val mean = sc.broadcast(
      ComputeMean(trainMinibatches, Array(channels, height, width), numTrainData).getBuffer()
    )
    val subtractMean = (image: ByteImage, buffer: Array[Float]) => {
      image.cropInto(buffer, Array(0, 0), Array(height, width))
      for (i <- buffer.indices) buffer(i) -= mean.value(i)
    }

    for ((name, rdd) <- Seq("train" -> trainMinibatches, "test" -> testMinibatches)) {
      val sizes = rdd.mapPartitions(minibatches => Iterator(minibatches.size)).collect()
      log(s"${name}PartitionSizes = ${sizes.mkString("Array(", ", ", ")")}")
    }

    var netWeights = net(solver).getWeights()
    for (i <- 0 until rounds) {
      log("broadcasting weights", i)
      val weights = sc.broadcast(netWeights)
      log("setting weights on workers", i)
      sc.parallelize(0 until workers, workers).foreach(_ => net(solver).setWeights(weights.value))

      if (i % testPeriod == 0) {
        log("testing", i)
        val scores = testMinibatches.mapPartitions { partition =>
          val minibatches = partition.toArray
          val caffeNet = net(solver)
          // Weights again: Spark may run a task in an executor that had no part in the first job.
          caffeNet.synchronized {
            caffeNet.setWeights(weights.value)
            val sampler =
              new MinibatchSampler(minibatches.iterator, minibatches.length, minibatches.length)
            caffeNet.setTestData(sampler, minibatches.length, Some(subtractMean))
            Iterator(caffeNet.test())
          }
        }
        val sums = scores.reduce((a, b) => a.zip(b).map { case (x, y) => x + y })
        log(f"${100f * sums(0) / numTestMinibatches}%.2f%% accuracy", i)
      }

      log("training", i)
      val trained = trainMinibatches
        .mapPartitions { partition =>
          val minibatches = partition.toArray
          val caffeNet = net(solver)
          caffeNet.synchronized {
            caffeNet.setWeights(weights.value)
            val sampler =
              new MinibatchSampler(minibatches.iterator, minibatches.length, syncInterval)
            caffeNet.setTrainData(sampler, Some(subtractMean))
            caffeNet.train(syncInterval)
            Iterator(caffeNet.getWeights())
          }
        }
        .persist()
      trained.count()

      log("collecting weights", i)
      netWeights = trained.reduce((a, b) => WeightCollection.add(a, b))
      netWeights.scalarDivide(1f * workers)
      trained.unpersist()
      weights.destroy()
    }
    log("finished training")
  }

  private def stop(message: String): Nothing = {
    System.err.println(message)
    sys.exit(1)
  }
}
