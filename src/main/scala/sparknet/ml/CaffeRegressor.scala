package sparknet.ml

import org.apache.spark.ml.evaluation.{Evaluator, RegressionEvaluator}
import org.apache.spark.ml.param.{Param, ParamMap}
import org.apache.spark.ml.param.shared.{HasLabelCol, HasPredictionCol}
import org.apache.spark.ml.util.{DefaultParamsReadable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.types.{StructField, StructType}

import sparknet.jna.{CaffeException, Status}

/** The column that a regressor adds. */
trait RegressionParams extends InputParams with HasLabelCol with HasPredictionCol {
  def setPredictionCol(value: String): this.type = set(predictionCol, value)
}

/** Trains a net that says a number, or several, of an item, on the rows of a DataFrame. A net without
  * a loss gets EuclideanLoss; with several outputs labels are arrays or vectors.
  */
final class CaffeRegressor(override val uid: String)
    extends CaffeEstimator[CaffeRegressionModel]
    with RegressionParams {

  def this() = this(Identifiable.randomUID("CaffeRegressor"))

  override private[ml] def defaultLoss: String = "EuclideanLoss"

  override private[ml] def addedTo(schema: StructType): StructType = StructType(
    schema.fields ++ Seq(predictionCol).filter(has).map { column =>
      StructField($(column), OutputForm.AsNumber.dataType, nullable = false)
    }
  )

  override private[ml] def model(
      head: Head,
      net: TrainedNet,
      names: Array[String]
  ): CaffeRegressionModel = {
    val made = new CaffeRegressionModel(uid, net)
    made.set(made.outputBlob, head.raw)
    copyValues(made)
  }

  override def copy(extra: ParamMap): CaffeRegressor = defaultCopy(extra)
}

object CaffeRegressor extends DefaultParamsReadable[CaffeRegressor]

/** A net that says a number of an item, or several as a vector. */
final class CaffeRegressionModel private[ml] (
    override val uid: String,
    override private[ml] val trained: TrainedNet
) extends CaffeModel[CaffeRegressionModel]
    with RegressionParams {

  final val outputBlob: Param[String] =
    new Param[String](this, "outputBlob", "the blob whose values are the prediction")

  def getOutputBlob: String = $(outputBlob)

  /** How many numbers it says of an item. */
  lazy val numOutputs: Int =
    LoadedNet.forms(NetParts.of(trained.proto)).shapeOf($(outputBlob)).product

  override private[ml] def outputs: Seq[OutputColumn] = {
    val form = if (numOutputs == 1) OutputForm.AsNumber else OutputForm.AsVector
    Seq(OutputColumn($(predictionCol), $(outputBlob), form)).filter(_.name.nonEmpty)
  }

  override private[ml] def evaluators: Seq[(String, Evaluator)] =
    Seq("rmse", "mae", "r2").map { measure =>
      measure -> new RegressionEvaluator()
        .setLabelCol($(labelCol))
        .setPredictionCol($(predictionCol))
        .setMetricName(measure)
    }

  override private[ml] def judged(frame: DataFrame): DataFrame = {
    InputColumns.check(frame.schema, $(labelCol))
    if (numOutputs > 1)
      throw new CaffeException(
        Status.UNSUPPORTED,
        s"evaluate measures one number, and the net says $numOutputs: transform, and compare them"
      )
    scored(frame)
  }

  override def copy(extra: ParamMap): CaffeRegressionModel = {
    val copied = new CaffeRegressionModel(uid, trained)
    copied.rounds = rounds
    copyValues(copied, extra).setParent(parent)
  }
}

object CaffeRegressionModel extends MLReadable[CaffeRegressionModel] {
  override def read: MLReader[CaffeRegressionModel] =
    new NetReader(classOf[CaffeRegressionModel], new CaffeRegressionModel(_, _))

  override def load(path: String): CaffeRegressionModel = super.load(path)

  /** A regressor of somebody else's; see [[CaffeClassificationModel.loadCaffe]].
    *
    * @param blob
    *   whose values are the prediction; null: what the loss looks at, or the net's only output
    */
  def loadCaffe(net: String, caffemodel: String, blob: String): CaffeRegressionModel = {
    val parts = NetParts.of(Solvers.net(net))
    val output = Option(blob).getOrElse(Head.of(parts, "EuclideanLoss").raw)
    val trained = LoadedNet.read(LoadedNet.forms(parts).deploy(Seq(output)), caffemodel)
    val made = new CaffeRegressionModel(Identifiable.randomUID("CaffeRegressor"), trained)
    made.set(made.outputBlob, output).set(made.channelOrder, "bgr")
  }
}
