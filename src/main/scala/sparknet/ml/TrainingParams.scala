package sparknet.ml

import org.apache.spark.ml.param.{BooleanParam, DoubleParam, IntParam, Param, ParamValidators}
import org.apache.spark.ml.param.StringArrayParam
import org.apache.spark.ml.param.shared.{HasLabelCol, HasSeed, HasValidationIndicatorCol}
import org.apache.spark.ml.param.shared.HasWeightCol

/** How a net is trained. */
trait TrainingParams
    extends InputParams
    with HasLabelCol
    with HasWeightCol
    with HasValidationIndicatorCol
    with HasSeed {

  final val net: Param[String] = TextParam(
    this,
    "net",
    "the net, as prototxt or the path of one; layers for data and the loss are added where it has none"
  )

  final val solver: Param[String] = TextParam(
    this,
    "solver",
    "a solver, as prototxt or the path of one; learningRate and the others replace what it says"
  )

  final val optimizer: Param[String] = TextParam(
    this,
    "optimizer",
    s"one of ${Solvers.names.mkString(", ")}",
    (name: String) => Solvers.names.exists(_.equalsIgnoreCase(name))
  )

  final val learningRate: DoubleParam =
    new DoubleParam(this, "learningRate", "base_lr of the solver", ParamValidators.gt(0))

  final val momentum: DoubleParam =
    new DoubleParam(this, "momentum", "of the solver", ParamValidators.inRange(0, 1, true, false))

  final val weightDecay: DoubleParam =
    new DoubleParam(this, "weightDecay", "of the solver", ParamValidators.gtEq(0))

  final val epochs: DoubleParam =
    new DoubleParam(this, "epochs", "passes over the training items", ParamValidators.gt(0))

  final val tau: IntParam = new IntParam(
    this,
    "tau",
    "steps that each worker takes between two averages",
    ParamValidators.gtEq(1)
  )

  final val numWorkers: IntParam = new IntParam(
    this,
    "numWorkers",
    "how many train at a time; default: the tasks that the cluster runs at a time",
    ParamValidators.gtEq(1)
  )

  final val mirror: BooleanParam =
    new BooleanParam(this, "mirror", "whether every other training image is turned around")

  final val weights: Param[String] = TextParam(
    this,
    "weights",
    "caffemodel to start from, a path or a URI: layers of the same name take their weights from it"
  )

  final val freeze: StringArrayParam =
    new StringArrayParam(this, "freeze", "names of layers that do not learn")

  final val earlyStoppingRounds: IntParam = new IntParam(
    this,
    "earlyStoppingRounds",
    "training ends when the loss of the validation rows has not fallen for so many rounds, and the " +
      "best weights are kept; it needs validationIndicatorCol",
    ParamValidators.gtEq(1)
  )

  final val checkpoint: Param[String] = TextParam(
    this,
    "checkpoint",
    "folder, a path or a URI, from which training that was cut off goes on"
  )

  final val threads: IntParam = new IntParam(
    this,
    "threads",
    "of each worker's net; default: the cores that the worker's task has",
    ParamValidators.gtEq(1)
  )

  setDefault(epochs -> 10.0, tau -> 10, mirror -> false)

  def setLabelCol(value: String): this.type = set(labelCol, value)
  def setWeightCol(value: String): this.type = set(weightCol, value)
  def setValidationIndicatorCol(value: String): this.type = set(validationIndicatorCol, value)
  def setSeed(value: Long): this.type = set(seed, value)
  def setNet(value: String): this.type = set(net, value)
  def setSolver(value: String): this.type = set(solver, value)
  def setOptimizer(value: String): this.type = set(optimizer, value)
  def setLearningRate(value: Double): this.type = set(learningRate, value)
  def setMomentum(value: Double): this.type = set(momentum, value)
  def setWeightDecay(value: Double): this.type = set(weightDecay, value)
  def setEpochs(value: Double): this.type = set(epochs, value)
  def setTau(value: Int): this.type = set(tau, value)
  def setNumWorkers(value: Int): this.type = set(numWorkers, value)
  def setMirror(value: Boolean): this.type = set(mirror, value)
  def setWeights(value: String): this.type = set(weights, value)
  def setFreeze(value: Array[String]): this.type = set(freeze, value)
  def setEarlyStoppingRounds(value: Int): this.type = set(earlyStoppingRounds, value)
  def setCheckpoint(value: String): this.type = set(checkpoint, value)
  def setThreads(value: Int): this.type = set(threads, value)

  def getNet: String = $(net)
  def getSolver: String = $(solver)
  def getOptimizer: String = $(optimizer)
  def getLearningRate: Double = $(learningRate)
  def getMomentum: Double = $(momentum)
  def getWeightDecay: Double = $(weightDecay)
  def getEpochs: Double = $(epochs)
  def getTau: Int = $(tau)
  def getNumWorkers: Int = $(numWorkers)
  def getMirror: Boolean = $(mirror)
  def getWeights: String = $(weights)
  def getFreeze: Array[String] = $(freeze)
  def getEarlyStoppingRounds: Int = $(earlyStoppingRounds)
  def getCheckpoint: String = $(checkpoint)
  def getThreads: Int = $(threads)

  private[ml] def has(column: Param[String]): Boolean = isDefined(column) && $(column).nonEmpty
}
