package sparknet.ml

import org.apache.spark.ml.evaluation.{Evaluator, MulticlassClassificationEvaluator}
import org.apache.spark.ml.evaluation.MultilabelClassificationEvaluator
import org.apache.spark.ml.feature.StringIndexerModel
import org.apache.spark.ml.param.{IntParam, Param, ParamMap, StringArrayParam}
import org.apache.spark.ml.param.shared.{HasLabelCol, HasPredictionCol, HasProbabilityCol}
import org.apache.spark.ml.param.shared.HasRawPredictionCol
import org.apache.spark.ml.util.{DefaultParamsReadable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.{col, expr}
import org.apache.spark.sql.types.StringType

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

  /** The columns that a net adds.
    *
    * @param several
    *   whether an item has several labels, or places with a class each
    * @param largest
    *   how classes follow from values
    */
  private[ml] def columnsOf(
      head: Head,
      several: Boolean,
      largest: OutputForm,
      names: Array[String]
  ): Seq[OutputColumn] = {
    import OutputForm._
    val binary = head.isMultiLabel && !several
    val likely =
      if (head.isProbable) Some(head.raw)
      else head.probabilities(NetForms.probabilityBlob).map(_.getTop(0))
    val decision = if (binary) Side else if (head.isMultiLabel) Positives else largest
    Seq(
      Some(OutputColumn($(rawPredictionCol), head.raw, if (binary) BothSides else AsVector)),
      likely.map(OutputColumn($(probabilityCol), _, if (binary) BothProbabilities else AsVector)),
      Some(OutputColumn($(predictionCol), head.raw, decision, Labels.metadata(names)))
    ).flatten.filter(_.name.nonEmpty)
  }
}

/** Trains a net that says which class an item belongs to, or which of several labels it has, on the
  * rows of a DataFrame.
  *
  * A net without a loss gets SoftmaxWithLoss. With SigmoidCrossEntropyLoss and several outputs labels
  * are arrays or vectors of 0 and 1. Where the net says a class of each of several places, of each pixel
  * for instance, labels are arrays or vectors with a class for each place, or binary with a byte for
  * each.
  */
final class CaffeClassifier(override val uid: String)
    extends CaffeEstimator[CaffeClassificationModel]
    with ClassificationParams {

  def this() = this(Identifiable.randomUID("CaffeClassifier"))

  override private[ml] def defaultLoss: String = "SoftmaxWithLoss"

  override private[ml] def columnsOf(head: Head, several: Boolean): Seq[OutputColumn] = {
    import OutputForm.{Largest, LargestOfEach}
    // How many classes and places there are makes no other column.
    columnsOf(head, several, if (several) LargestOfEach(1, 1) else Largest, Array.empty)
  }

  override private[ml] def model(
      head: Head,
      net: TrainedNet,
      names: Array[String]
  ): CaffeClassificationModel = {
    val made = new CaffeClassificationModel(uid, net)
    made.set(made.labels, names)
    copyValues(made.setHead(head))
  }

  override def copy(extra: ParamMap): CaffeClassifier = defaultCopy(extra)
}

object CaffeClassifier extends DefaultParamsReadable[CaffeClassifier]

/** A net that says which class an item belongs to, or which of several labels it has.
  *
  * [[transform]] adds `rawPrediction`, `probability` (not with HingeLoss, which has none) and
  * `prediction`: the class, an array with the class of each place, or with several labels the numbers of
  * those that are likelier than not. Vectors have a blob's values of an item one after the other.
  */
final class CaffeClassificationModel private[ml] (
    override val uid: String,
    override private[ml] val trained: TrainedNet
) extends CaffeModel[CaffeClassificationModel]
    with ClassificationParams {

  /** For the service loader, by which servers of Spark Connect know classes; it makes none. */
  private[ml] def this() = this("", null)

  final val labels: StringArrayParam =
    new StringArrayParam(this, "labels", "names of the classes, from 0 on")

  final val loss: Param[String] =
    TextParam(this, "loss", "type of the loss it was trained by")

  final val rawBlob: Param[String] =
    TextParam(this, "rawBlob", "the blob that the loss looked at")

  final val classAxis: IntParam =
    new IntParam(this, "classAxis", "the axis of the classes in that blob")

  setDefault(labels -> Array.empty[String], classAxis -> 1)

  def setLabelCol(value: String): this.type = set(labelCol, value)
  def getLabels: Array[String] = $(labels)
  def getLoss: String = $(loss)
  def getRawBlob: String = $(rawBlob)
  def getClassAxis: Int = $(classAxis)

  private[ml] def setHead(head: Head): this.type =
    set(loss, head.loss).set(rawBlob, head.raw).set(classAxis, head.axis)

  private lazy val head = Head($(loss), $(rawBlob), $(classAxis))

  private lazy val shape = LoadedNet.forms(NetParts.of(trained.proto)).shapeOf($(rawBlob))

  /** Whether one output decides between two classes. */
  private def isBinary: Boolean = head.isMultiLabel && shape.product == 1

  /** Whether it says a class of each of several places of an item. */
  private def hasPlaces: Boolean = head.takesClasses && head.places(shape) > 1

  /** Number of classes, or of labels that an item may have. */
  lazy val numClasses: Int =
    if (isBinary) 2 else if (head.takesClasses) head.classes(shape) else shape.product

  override private[ml] def outputs: Seq[OutputColumn] =
    if (head.takesClasses)
      columnsOf(head, hasPlaces, head.largest(shape), if (hasPlaces) Array.empty else $(labels))
    else columnsOf(head, !isBinary, OutputForm.Largest, $(labels))

  override private[ml] def evaluators: Seq[(String, Evaluator)] = if (
    head.takesClasses || isBinary
  ) {
    val by = (measure: String) =>
      measure -> new MulticlassClassificationEvaluator()
        .setLabelCol(CaffeClassificationModel.judgedLabel)
        .setPredictionCol($(predictionCol))
        .setProbabilityCol($(probabilityCol))
        .setMetricName(measure)
    val likely = !hasPlaces && outputs.exists(_.name == $(probabilityCol))
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
    if (hasPlaces) judgedPlaces(frame) else scored(known(frame))
  }

  /** A row for each place; labels that are no classes say that a place does not count. */
  private def judgedPlaces(frame: DataFrame): DataFrame = {
    val label = CaffeClassificationModel.judgedLabel
    val both = scored(frame.withColumn(label, InputColumns.asArrays(frame, $(labelCol))))
    InputColumns
      .pairs(both, col(label), quoted($(predictionCol)), label, $(predictionCol))
      .where(col(label).between(0, numClasses - 1))
  }

  /** With labels as numbers. */
  private def known(frame: DataFrame): DataFrame = {
    val judgedLabel = CaffeClassificationModel.judgedLabel
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
  }

  override def copy(extra: ParamMap): CaffeClassificationModel = {
    val copied = new CaffeClassificationModel(uid, trained)
    copied.rounds = rounds
    copied.report = report
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
    val (trained, report) =
      LoadedNet.read(forms.deploy(Seq(head.raw), forms.likely(head)), caffemodel)
    val made = new CaffeClassificationModel(Identifiable.randomUID("CaffeClassifier"), trained)
    made.setHead(head).set(made.labels, labels)
    if (labels.nonEmpty && labels.length != made.numClasses)
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"${labels.length} labels for a net of ${made.numClasses} classes"
      )
    made.report = Some(report)
    made.set(made.channelOrder, "bgr")
  }
}
