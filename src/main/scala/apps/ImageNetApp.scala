package apps

import libs.ProtoLoader
import loaders.ImageNetLoader
import org.apache.spark.SparkContext

import sparknet.data.{Augmentation, BadRecordLog, Dataset, ImageTars}
import sparknet.io.{HomeFiles, TrainingLog}

/** Trains CaffeNet, or another net for images of 3x227x227, on ImageNet in tar files.
  *
  * {{{spark-submit --class apps.ImageNetApp sparknet-assembly.jar WORKERS [ROUNDS] [DATA] [NAME=VALUE...]}}}
  *
  * ROUNDS: the solver's max_iter by default, tau iterations a round. DATA: an S3 bucket (default
  * `sparknet`), or a URI or absolute path of a folder with what is named below.
  *
  *   - `train`, `val`: what the paths of tar files start with
  *   - `train-labels`, `val-labels`: files with lines `path label`
  *   - `train-batch`, `test-batch`, `tau`: by default 256, 50 and 50
  *   - `solver`: a solver's prototxt that names its net, in place of CaffeNet's
  *
  * Images are resized to 256x256. Training takes crops at random places, every second one mirrored;
  * tests take the middle.
  */
object ImageNetApp extends AppMain("ImageNet") {
  private val channels = 3
  private val fullSize = 256
  private val croppedSize = 227

  override protected val usage: String =
    """apps.ImageNetApp WORKERS [ROUNDS] [DATA] [NAME=VALUE...], names and defaults:
      |  train=ILSVRC2012_training/ train-labels=train.txt val=ILSVRC2012_val/ val-labels=val.txt
      |  train-batch=256 test-batch=50 tau=50 solver=<CaffeNet's>""".stripMargin

  private final case class Settings(
      workers: Int,
      rounds: Option[Int],
      data: String,
      train: String,
      trainLabels: String,
      validation: String,
      validationLabels: String,
      trainBatchSize: Int,
      testBatchSize: Int,
      syncInterval: Int,
      solver: Option[String]
  )

  override protected def app(arguments: AppArguments): (SparkContext, TrainingLog) => Unit = {
    val batches = Seq("train-batch", "test-batch", "tau")
    val files = Seq("train", "train-labels", "val", "val-labels", "solver")
    arguments.expect(3, batches ++ files: _*)
    val settings = Settings(
      workers = arguments.workers,
      rounds = arguments.number(1),
      data = arguments(2).getOrElse("sparknet"),
      train = arguments("train").getOrElse("ILSVRC2012_training/"),
      trainLabels = arguments("train-labels").getOrElse("train.txt"),
      validation = arguments("val").getOrElse("ILSVRC2012_val/"),
      validationLabels = arguments("val-labels").getOrElse("val.txt"),
      trainBatchSize = arguments.number("train-batch").getOrElse(256),
      testBatchSize = arguments.number("test-batch").getOrElse(50),
      syncInterval = arguments.number("tau").getOrElse(50),
      solver = arguments("solver")
    )
    run(_, _, settings)
  }

  private def run(sc: SparkContext, log: TrainingLog, settings: Settings): Unit = {
    import settings._
    val solverFile =
      solver.getOrElse(HomeFiles.file("caffe/models/bvlc_reference_caffenet/solver.prototxt"))
    val netFile = solver.fold(
      HomeFiles.file("caffe/models/bvlc_reference_caffenet/train_val.prototxt")
    )(ProtoLoader.loadSolverPrototxt(_).getNet)
    var netParameter = ProtoLoader.loadNetPrototxt(netFile)
    netParameter = ProtoLoader.replaceDataLayers(
      netParameter,
      trainBatchSize,
      testBatchSize,
      channels,
      croppedSize,
      croppedSize
    )
    val solverParameter = ProtoLoader.loadSolverPrototxtWithNet(solverFile, netParameter, None)
    val allRounds = rounds.getOrElse(math.max(1, solverParameter.getMaxIter / syncInterval))

    log("loading train data")
    val trainData = dataset(sc, data, train, trainLabels)
    log("loading test data")
    val testData = dataset(sc, data, validation, validationLabels)

    val training = new LoggedTraining(sc, log, solverParameter, workers, syncInterval)
    training.run(
      allRounds,
      trainData,
      trainBatchSize,
      testData,
      testBatchSize,
      Augmentation(croppedSize, croppedSize, mirror = true)
    )
  }

  /** The images of tars, decoded; what does not fit into memory goes to disk. */
  private def dataset(sc: SparkContext, data: String, tars: String, labels: String): Dataset = {
    val loader = new ImageNetLoader(data)
    val files = loader.getFilePathsRDD(sc, tars)
    val known = sc.broadcast(loader.getLabels(labels))
    Dataset.fromImages(
      ImageTars.records(files, name => known.value.get(name)),
      fullSize,
      fullSize,
      maxBadShare = BadRecordLog.maxShare(sc.getConf)
    )
  }
}
