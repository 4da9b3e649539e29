package sparknet.ml

import java.util.{LinkedHashMap, Map => JavaMap}

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.Path
import org.apache.spark.SparkContext
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.ml.Model
import org.apache.spark.ml.evaluation.Evaluator
import org.apache.spark.ml.sparknet.StageFiles
import org.apache.spark.ml.util.{Identifiable, MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.sparknet.ScoredRows
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, Dataset}

import sparknet.data.{Dataset => Items}
import sparknet.jna.{CaffeException, Status}

/** What scores rows with a net: adds columns to all that there are. */
trait Scores extends InputParams {

  /** The net and its weights. */
  private[ml] def trained: TrainedNet

  /** What is added. */
  private[ml] def outputs: Seq[OutputColumn]

  @transient private var sent = Option.empty[(SparkContext, TrainedNet, Broadcast[TrainedNet])]

  private[ml] def scored(frame: DataFrame): DataFrame = {
    added(frame.schema)
    val sc = frame.sparkSession.sparkContext
    val own = NetParts.of(trained.proto)
    val items = InputColumns.of(this, frame, own.inputs, own.shapeOf)
    val scoring = new Scoring(
      broadcast(sc),
      items.columns,
      items.inputs,
      preprocessing(items.shape),
      augmentation(mirror = false),
      bgr,
      outputs,
      get(batchSize).getOrElse(Scores.batch),
      sc.getConf.getInt("spark.task.cpus", 1),
      skips
    )
    ScoredRows.add(frame, items.columns.map(_._1), outputs.map(_.field), scoring)
  }

  /** The schema with what is added. */
  private[ml] def added(schema: StructType): StructType = {
    columns.foreach(InputColumns.check(schema, _))
    outputs.map(_.name).find(schema.fieldNames.contains(_)).foreach { name =>
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"there is a column '$name' already: drop it, or give the new one another name"
      )
    }
    StructType(schema.fields ++ outputs.map(_.field))
  }

  /** Goes to each executor once. */
  private def broadcast(sc: SparkContext): Broadcast[TrainedNet] = synchronized {
    sent match {
      case Some((context, net, value)) if (context eq sc) && (net eq trained) => value
      case _                                                                  =>
        val value = sc.broadcast(trained)
        sent = Some((sc, trained, value))
        value
    }
  }
}

private[ml] object Scores {

  /** Rows that are scored at a time where nobody says it. */
  val batch = 32
}

/** A trained net: a stage that scores DataFrames in the executors. */
abstract class CaffeModel[M <: CaffeModel[M]] extends Model[M] with Scores with MLWritable {
  private[ml] var rounds: Seq[RoundSummary] = Nil
  private[ml] var report = Option.empty[String]

  /** What it is judged by, by name: for instance "accuracy". */
  private[ml] def evaluators: Seq[(String, Evaluator)]

  /** A frame as the evaluators take it: labels as numbers beside what [[transform]] adds. */
  private[ml] def judged(frame: DataFrame): DataFrame

  override def transform(dataset: Dataset[_]): DataFrame = scored(dataset.toDF())

  override def transformSchema(schema: StructType): StructType = added(schema)

  /** How good it is on labelled rows, by the measures of Spark's evaluators. */
  def evaluate(dataset: Dataset[_]): JavaMap[String, java.lang.Double] = {
    val frame = judged(dataset.toDF()).persist()
    try {
      val measures = new LinkedHashMap[String, java.lang.Double]
      evaluators.foreach { case (name, evaluator) => measures.put(name, evaluator.evaluate(frame)) }
      measures
    } finally {
      frame.unpersist()
      ()
    }
  }

  /** One line that says which layers took the weights that it was given, a caffemodel's, which did not
    * and why; empty: it was given none, or was loaded.
    */
  def weightsReport: String = report.getOrElse("")

  /** Whether it was trained in this session, and not loaded: then there is a [[summary]]. */
  def hasSummary: Boolean = rounds.nonEmpty

  /** The rounds of its training as a DataFrame: round, iteration, loss, images, seconds, workers, and
    * the loss of the validation rows where it was measured.
    */
  def summary: DataFrame = {
    if (!hasSummary)
      throw new CaffeException(
        Status.STATE,
        "there is no summary: the model was loaded, not trained in this session"
      )
    val session = org.apache.spark.sql.SparkSession.active
    session.createDataFrame(rounds)
  }

  /** Writes `deploy.prototxt` and `weights.caffemodel` to a folder, a path or a URI. */
  def saveCaffe(folder: String): Unit =
    trained.save(new Path(folder), CaffeModel.hadoop)

  /** What it says of items of a data set, one after the other.
    *
    * @param output
    *   a column that it adds, or a blob
    * @return
    *   the values, and the shape of what they are for an item
    */
  private[ml] def said(items: Items, output: String): (Array[Float], Array[Int]) = {
    val column = outputs.find(_.name == output)
    val stage = if (column.isEmpty) featurizer(Array(output)).setOutputType("array") else this
    val made = column.getOrElse(OutputColumn(output, output, OutputForm.AsArray))
    val shape = made.form.shape(LoadedNet.forms(NetParts.of(trained.proto)).shapeOf(made.blob))
    val rows = Values.rows(items, stage.getFeaturesCol)
    (Values.of(stage.transform(rows), output), shape)
  }

  /** A stage that adds blobs of this net as columns, which sees its input as this one does. */
  def featurizer(blobs: Array[String]): CaffeFeaturizer = {
    NetParts.of(trained.proto).upTo(blobs.toSeq)
    val made =
      new CaffeFeaturizer(Identifiable.randomUID("CaffeFeaturizer"), Some(trained))
    copyValues(made).setOutputBlobs(blobs)
  }

  override def write: MLWriter = new NetWriter(this, trained)
}

private[ml] object CaffeModel {
  def hadoop: Configuration =
    org.apache.spark.sql.SparkSession.active.sparkContext.hadoopConfiguration
}

/** A round of a model's training.
  *
  * @param validationLoss
  *   None: it was not measured after this round
  */
final case class RoundSummary(
    round: Int,
    iteration: Int,
    loss: Double,
    images: Long,
    seconds: Double,
    workers: Int,
    validationLoss: Option[Double]
)

/** Writes a stage with its net, which Caffe reads too. */
private[ml] final class NetWriter(stage: InputParams, trained: TrainedNet) extends MLWriter {
  override protected def saveImpl(path: String): Unit = {
    StageFiles.saveMetadata(stage, path, sparkSession)
    trained.save(new Path(path, NetWriter.folder), sparkSession.sparkContext.hadoopConfiguration)
  }
}

private[ml] object NetWriter {
  val folder = "net"
}

/** Reads what [[NetWriter]] wrote. */
private[ml] final class NetReader[S <: InputParams](kind: Class[S], make: (String, TrainedNet) => S)
    extends MLReader[S] {
  override def load(path: String): S = {
    val conf = sparkSession.sparkContext.hadoopConfiguration
    val trained = TrainedNet.load(new Path(path, NetWriter.folder), conf)
    StageFiles.load(path, sparkSession, kind)(make(_, trained))
  }
}
