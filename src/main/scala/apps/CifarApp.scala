package apps

import java.io.File

import libs.ProtoLoader
import org.apache.spark.SparkContext

import sparknet.data.{Augmentation, Dataset}
import sparknet.io.{HomeFiles, TrainingLog}

/** Trains cifar10_full or cifar10_quick on Spark: workers train for a few iterations, their weights are
  * averaged, and again.
  *
  * {{{spark-submit --class apps.CifarApp sparknet-assembly.jar WORKERS [ROUNDS] [DATA] [full|quick]}}}
  *
  * ROUNDS: the solver's max_iter by default, tau iterations a round. DATA: the folder with CIFAR-10's
  * binary files, a path or URI, by default `caffe/data/cifar10` under `SPARKNET_HOME` or here.
  */
object CifarApp extends AppMain("Cifar") {
  private val trainBatchSize = 100
  private val testBatchSize = 100
  private val channels = 3
  private val height = 32
  private val width = 32
  private val syncInterval = 10

  override protected val usage: String = "apps.CifarApp WORKERS [ROUNDS] [DATA] [full|quick]"

  override protected def app(arguments: AppArguments): (SparkContext, TrainingLog) => Unit = {
    arguments.expect(4)
    val workers = arguments.workers
    val rounds = arguments.number(1)
    val data = arguments(2).getOrElse {
      HomeFiles.home.fold(new File("."))(_.toFile).getPath + "/caffe/data/cifar10"
    }
    val model = arguments(3).getOrElse("full")
    if (model != "full" && model != "quick")
      throw new IllegalArgumentException(s"'$model' is neither full nor quick")
    train(_, _, workers, rounds, data, model)
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
    var netParameter =
      ProtoLoader.loadNetPrototxt(HomeFiles.file(s"${examples}_train_test.prototxt"))
    netParameter = ProtoLoader
      .replaceDataLayers(netParameter, trainBatchSize, testBatchSize, channels, height, width)
    val solverFile = HomeFiles.file(s"${examples}_solver.prototxt")
    val solverParameter = ProtoLoader.loadSolverPrototxtWithNet(solverFile, netParameter, None)
    val rounds = givenRounds.getOrElse(math.max(1, solverParameter.getMaxIter / syncInterval))

    log("loading train data")
    val trainData = Dataset.cifar(sc, data, train = true, workers)
    log("loading test data")
    val testData = Dataset.cifar(sc, data, train = false, workers)

    val training = new LoggedTraining(sc, log, solverParameter, workers, syncInterval)
    training.run(
      rounds,
      trainData,
      trainBatchSize,
      testData,
      testBatchSize,
      Augmentation.none
    )
  }
}
