package sparknet.ml

import org.apache.spark.ml.evaluation.{Evaluator, MulticlassClassificationEvaluator}
import org.apache.spark.ml.evaluation.MultilabelClassificationEvaluator
import org.apache.spark.ml.feature.StringIndexerModel
import org.apache.spark.ml.param.{Param, ParamMap, StringArrayParam}
import org.apache.spark.ml.param.shared.{HasLabelCol, HasPredictionCol, HasProbabilityCol}
import org.apache.spark.ml.param.shared.HasRawPredictionCol
import org.apache.spark.ml.util.{DefaultParamsReadable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.expr
import org.apache.spark.sql.types.{StringType, StructField, StructType}

import sparknet.data.Columns.quoted
import sparknet.jna.{CaffeException, Status}

/** Columns that a classifier adds, with the names that Spark's own have. */
trait ClassificationParams
    extends InputParams
    with HasLabelCol
    with HasPredictionCol
    with HasProbabilityCol
    with HasRawPredictionCol {
  def setPredictionCol(value: String): this.type = set(predictionCol, value)
  def setProbabilityCol(value: String): this.type = set(probabilityCol, value)
  def setRawPredictionCol(value: String): this.type = set(rawPredictionCol, value)
}

/** Trains a net that says which class an item belongs to, or which of several labels it has, on the
  * rows of a DataFrame.
  *
  * A net without a loss gets SoftmaxWithLoss. With SigmoidCrossEntropyLoss and several outputs labels
  * are arrays or vectors of 0 and 1.
  */
final class CaffeClassifier(override val uid: String)
    extends CaffeEstimator[CaffeClassificationModel]
    with ClassificationParams {

  def this() = this(Identifiable.randomUID("CaffeClassifier"))

  override private[ml] def defaultLoss: String = "SoftmaxWithLoss"

  override private[ml] def addedTo(schema: StructType): StructType = {
    val columns = Seq(rawPredictionCol, probabilityCol, predictionCol).filter(has)
    val forms = Seq(OutputForm.AsVector, OutputForm.AsVector, OutputForm.Largest)
    StructType(schema.fields ++ columns.zip(forms).map { case (column, form) =>
      StructField($(column), form.dataType, nullable = false)
    })
  }

  override private[ml] def model(
      head: Head,
      net: TrainedNet,
      names: Array[String]
  ): CaffeClassificationModel = {
    val made = new CaffeClassificationModel(uid, net)
    made.set(made.labels, names)
    made.set(made.loss, head.loss)
    made.set(made.rawBlob, head.raw)
    copyValues(made)
  }

  override def copy(extra: ParamMap): CaffeClassifier = defaultCopy(extra)
}

object CaffeClassifier extends DefaultParamsReadable[CaffeClassifier]

/** A net that says which class an item belongs to, or which of several labels it has.
  *
  * [[transform]] adds `rawPrediction`, `probability` (not with HingeLoss, which has none) and
  * `prediction`: the class, or with several labels the numbers of those that are likelier than not.
  */
final class CaffeClassificationModel private[ml] (
    override val uid: String,
    override private[ml] val trained: TrainedNet
) extends CaffeModel[CaffeClassificationModel]
    with ClassificationParams {

  final val labels: StringArrayParam =
    new StringArrayParam(this, "labels", "names of the classes, from 0 on")

  final val loss: Param[String] =
    new Param[String](this, "loss", "type of the loss it was trained by")

  final val rawBlob: Param[String] =
    new Param[String](this, "rawBlob", "the blob that the loss looked at")

  setDefault(labels -> Array.empty[String])

  def getLabels: Array[String] = $(labels)
  def getLoss: String = $(loss)
  def getRawBlob: String = $(rawBlob)

  private lazy val head = Head($(loss), $(rawBlob), 1)

  private lazy val numOutputs =
    LoadedNet.forms(NetParts.of(trained.proto)).shapeOf($(rawBlob)).product

  /** Whether one output decides between two classes. */
  private def isBinary: Boolean = head.isMultiLabel && numOutputs == 1

  /** Number of classes, or of labels that an item may have. */
  lazy val numClasses: Int = if (isBinary) 2 else numOutputs

  override private[ml] def outputs: Seq[OutputColumn] = {
    import OutputForm._
    val raw = $(rawBlob)
    val likely =
      if (head.isProbable) Some(raw)
      else head.probabilities(NetForms.probabilityBlob).map(_.getTop(0))
    val decision = if (isBinary) Side else if (head.isMultiLabel) Positives else Largest
    Seq(
      Some(OutputColumn($(rawPredictionCol), raw, if (isBinary) BothSides else AsVector)),
      likely.map(OutputColumn($(probabilityCol), _, if (isBinary) BothProbabilities else AsVector)),
      Some(OutputColumn($(predictionCol), raw, decision, Labels.metadata($(labels))))
    ).flatten.filter(_.name.nonEmpty)
  }

  override private[ml] def evaluators: Seq[(String, Evaluator)] = if (
    head.takesClasses || isBinary
  ) {
    val by = (measure: String) =>
      measure -> new MulticlassClassificationEvaluator()
        .setLabelCol(CaffeClassificationModel.judgedLabel)
        .setPredictionCol($(predictionCol))
        .setProbabilityCol($(probabilityCol))
        .setMetricName(measure)
    val likely = outputs.exists(_.name == $(probabilityCol))
    Seq("accuracy", "f1", "weightedPrecision", "weightedRecall").map(by) ++
      (if (likely) Seq(by("logLoss")) else Nil)
  } else
    Seq("subsetAccuracy", "hammingLoss", "microF1Measure").map { measure =>
      measure -> new MultilabelClassificationEvaluator()
        .setLabelCol(CaffeClassificationModel.judgedLabel)
        .setPredictionCol($(predictionCol))
        .setMetricName(measure)
    }

  override private[ml] def judged(frame: DataFrame): DataFrame = {
    InputColumns.check(frame.schema, $(labelCol))
    val judgedLabel = CaffeClassificationModel.judgedLabel
    val known =
      if (frame.schema($(labelCol)).dataType == StringType)
        new StringIndexerModel($(labels))
          .setInputCol($(labelCol))
          .setOutputCol(judgedLabel)
          .transform(frame)
      else if (head.takesClasses || isBinary)
        frame.withColumn(judgedLabel, quoted($(labelCol)).cast("double"))
      else {
        // The numbers of the labels that a row has.
        frame
          .withColumn(judgedLabel, InputColumns.asArrays(frame, $(labelCol)))
          .withColumn(
            judgedLabel,
            expr(
              s"filter(transform($judgedLabel, (mark, i) -> if(mark > 0.5, cast(i as double), -1D)), " +
                "i -> i >= 0)"
            )
          )
      }
    scored(known)
  }

  override def copy(extra: ParamMap): CaffeClassificationModel = {
    val copied = new CaffeClassificationModel(uid, trained)
    copied.rounds = rounds
    copyValues(copied, extra).setParent(parent)
  }
}

object CaffeClassificationModel extends MLReadable[CaffeClassificationModel] {
  private val judgedLabel = "label_as_number"

  override def read: MLReader[CaffeClassificationModel] =
    new NetReader(classOf[CaffeClassificationModel], new CaffeClassificationModel(_, _))

  override def load(path: String): CaffeClassificationModel = super.load(path)

  /** A classifier of somebody else's, from its deploy or training net and its caffemodel.
    *
    * @param net
    *   prototxt, or the path of one
    * @param caffemodel
    *   a path or a URI
    * @param labels
    *   names of the classes; empty: they have none
    */
  def loadCaffe(
      net: String,
      caffemodel: String,
      labels: Array[String]
  ): CaffeClassificationModel = {
    val parts = NetParts.of(Solvers.net(net))
    val head = Head.of(parts, "SoftmaxWithLoss")
    val forms = LoadedNet.forms(parts)
    val trained = LoadedNet.read(forms.deploy(Seq(head.raw), forms.likely(head)), caffemodel)
    val made = new CaffeClassificationModel(Identifiable.randomUID("CaffeClassifier"), trained)
    made.set(made.loss, head.loss).set(made.rawBlob, head.raw).set(made.labels, labels)
    if (labels.nonEmpty && labels.length != made.numClasses)
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"${labels.length} labels for a net of ${made.numClasses} classes"
      )
    made.set(made.channelOrder, "bgr")
  }
}
