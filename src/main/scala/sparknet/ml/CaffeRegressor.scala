package sparknet.ml

import org.apache.spark.ml.evaluation.{Evaluator, RegressionEvaluator}
import org.apache.spark.ml.functions.vector_to_array
import org.apache.spark.ml.param.{Param, ParamMap}
import org.apache.spark.ml.param.shared.{HasLabelCol, HasPredictionCol}
import org.apache.spark.ml.util.{DefaultParamsReadable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.col

import sparknet.data.Columns.quoted
import sparknet.jna.{CaffeException, Status}

/** The column that a regressor adds. */
trait RegressionParams extends InputParams with HasLabelCol with HasPredictionCol {
  def setPredictionCol(value: String): this.type = set(predictionCol, value)

  /** The columns that a net adds.
    *
    * @param several
    *   whether it says several numbers of an item
    */
  private[ml] def columnsOf(blob: String, several: Boolean): Seq[OutputColumn] = {
    val form = if (several) OutputForm.AsVector else OutputForm.AsNumber
    Seq(OutputColumn($(predictionCol), blob, form)).filter(_.name.nonEmpty)
  }
}

/** Trains a net that says a number, or several, of an item, on the rows of a DataFrame. A net without
  * a loss gets EuclideanLoss; with several outputs labels are arrays or vectors.
  *
  * Autoencoders have no labels: with an empty `labelCol`, or with the column of the features as
  * `labelCol`, a loss compares with the net's input as the net sees it, after mean, scale and crop. A net
  * whose own loss looks at no labels needs no `labelCol` either.
  */
final class CaffeRegressor(override val uid: String)
    extends CaffeEstimator[CaffeRegressionModel]
    with RegressionParams {

  def this() = this(Identifiable.randomUID("CaffeRegressor"))

  override private[ml] def defaultLoss: String = "EuclideanLoss"

  override private[ml] def columnsOf(head: Head, several: Boolean): Seq[OutputColumn] =
    columnsOf(CaffeRegressor.said(head), several)

  override private[ml] def model(
      head: Head,
      net: TrainedNet,
      names: Array[String]
  ): CaffeRegressionModel = {
    val made = new CaffeRegressionModel(uid, net)
    made.set(made.outputBlob, CaffeRegressor.said(head))
    copyValues(made)
  }

  override def copy(extra: ParamMap): CaffeRegressor = defaultCopy(extra)
}

object CaffeRegressor extends DefaultParamsReadable[CaffeRegressor] {

  /** The blob of the prediction: where labels are between 0 and 1 (SigmoidCrossEntropyLoss), so is that. */
  private[ml] def said(head: Head): String =
    if (head.isMultiLabel) NetForms.probabilityBlob else head.raw
}

/** A net that says a number of an item, or several as a vector. */
final class CaffeRegressionModel private[ml] (
    override val uid: String,
    override private[ml] val trained: TrainedNet
) extends CaffeModel[CaffeRegressionModel]
    with RegressionParams {

  /** For the service loader, by which servers of Spark Connect know classes; it makes none. */
  private[ml] def this() = this("", null)

  final val outputBlob: Param[String] =
    TextParam(this, "outputBlob", "the blob whose values are the prediction")

  def setLabelCol(value: String): this.type = set(labelCol, value)
  def getOutputBlob: String = $(outputBlob)

  /** How many numbers it says of an item. */
  lazy val numOutputs: Int =
    LoadedNet.forms(NetParts.of(trained.proto)).shapeOf($(outputBlob)).product

  override private[ml] def outputs: Seq[OutputColumn] =
    columnsOf($(outputBlob), several = numOutputs > 1)

  override private[ml] def evaluators: Seq[(String, Evaluator)] =
    Seq("rmse", "mae", "r2").map { measure =>
      measure -> new RegressionEvaluator()
        .setLabelCol(if (numOutputs == 1) $(labelCol) else CaffeRegressionModel.judgedLabel)
        .setPredictionCol($(predictionCol))
        .setMetricName(measure)
    }

  /** Of several numbers each counts as a row. */
  override private[ml] def judged(frame: DataFrame): DataFrame = {
    InputColumns.check(frame.schema, $(labelCol))
    if (columns == Seq($(labelCol)) && changesItems)
      throw new CaffeException(
        Status.UNSUPPORTED,
        "the net says its input as it sees it, after mean, scale and crop, and evaluate compares with " +
          "the column as it is: transform, and compare them"
      )
    if (numOutputs == 1) scored(frame)
    else {
      val label = CaffeRegressionModel.judgedLabel
      val both = scored(frame.withColumn(label, InputColumns.asArrays(frame, $(labelCol))))
      val said = vector_to_array(quoted($(predictionCol)))
      InputColumns.pairs(both, col(label), said, label, $(predictionCol))
    }
  }

  override def copy(extra: ParamMap): CaffeRegressionModel = {
    val copied = new CaffeRegressionModel(uid, trained)
    copied.rounds = rounds
    copied.report = report
    copyValues(copied, extra).setParent(parent)
  }
}

object CaffeRegressionModel extends MLReadable[CaffeRegressionModel] {
  private val judgedLabel = "label_of_output"

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
    val (trained, report) = LoadedNet.read(LoadedNet.forms(parts).deploy(Seq(output)), caffemodel)
    val made = new CaffeRegressionModel(Identifiable.randomUID("CaffeRegressor"), trained)
    made.report = Some(report)
    made.set(made.outputBlob, output).set(made.channelOrder, "bgr")
  }
}
