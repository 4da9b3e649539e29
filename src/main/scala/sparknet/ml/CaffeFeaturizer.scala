package sparknet.ml

import org.apache.spark.ml.Transformer
import org.apache.spark.ml.param.{Param, ParamMap, ParamValidators, StringArrayParam}
import org.apache.spark.ml.util.{Identifiable, MLReadable, MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, Dataset}

import sparknet.jna.{CaffeException, Status}

/** Adds blobs of a net as columns: features for other stages. */
final class CaffeFeaturizer private[ml] (override val uid: String, loaded: Option[TrainedNet])
    extends Transformer
    with Scores
    with MLWritable {

  def this(uid: String) = this(uid, None)
  def this() = this(Identifiable.randomUID("CaffeFeaturizer"))

  final val net: Param[String] =
    TextParam(this, "net", "the net, as prototxt or the path of one")

  final val weights: Param[String] =
    TextParam(this, "weights", "its caffemodel, a path or a URI")

  final val outputBlobs: StringArrayParam =
    new StringArrayParam(this, "outputBlobs", "names of the blobs")

  final val outputCols: StringArrayParam =
    new StringArrayParam(this, "outputCols", "names of their columns; default: those of the blobs")

  final val outputType: Param[String] = TextParam(
    this,
    "outputType",
    "what columns hold: vector, or array of floats",
    ParamValidators.inArray(Array("vector", "array"))
  )

  setDefault(outputType -> "vector")

  def setNet(value: String): this.type = set(net, value)
  def setWeights(value: String): this.type = set(weights, value)
  def setOutputBlobs(value: Array[String]): this.type = set(outputBlobs, value)
  def setOutputCols(value: Array[String]): this.type = set(outputCols, value)
  def setOutputType(value: String): this.type = set(outputType, value)
  def getNet: String = $(net)
  def getWeights: String = $(weights)
  def getOutputBlobs: Array[String] = $(outputBlobs)
  def getOutputCols: Array[String] = $(outputCols)
  def getOutputType: String = $(outputType)

  @transient private var made = Option.empty[(Seq[String], TrainedNet)]

  override private[ml] def trained: TrainedNet = loaded.getOrElse(synchronized {
    val wanted = Seq($(net), $(weights)) ++ $(outputBlobs)
    if (!made.exists(_._1 == wanted)) {
      val forms = LoadedNet.forms(NetParts.of(Solvers.net($(net))))
      made = Some((wanted, LoadedNet.read(forms.deploy($(outputBlobs).toSeq), $(weights))._1))
    }
    made.get._2
  })

  override private[ml] def outputs: Seq[OutputColumn] = {
    val names = get(outputCols).getOrElse($(outputBlobs))
    if (names.length != $(outputBlobs).length)
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"${names.length} outputCols for ${$(outputBlobs).length} outputBlobs"
      )
    val form = if ($(outputType) == "vector") OutputForm.AsVector else OutputForm.AsArray
    names.toSeq.zip($(outputBlobs)).map { case (name, blob) => OutputColumn(name, blob, form) }
  }

  override def transform(dataset: Dataset[_]): DataFrame = scored(dataset.toDF())
  override def transformSchema(schema: StructType): StructType = added(schema)
  override def write: MLWriter = new NetWriter(this, trained)

  override def copy(extra: ParamMap): CaffeFeaturizer =
    copyValues(new CaffeFeaturizer(uid, loaded), extra)
}

object CaffeFeaturizer extends MLReadable[CaffeFeaturizer] {
  override def read: MLReader[CaffeFeaturizer] =
    new NetReader(
      classOf[CaffeFeaturizer],
      (uid: String, net: TrainedNet) => new CaffeFeaturizer(uid, Some(net))
    )

  override def load(path: String): CaffeFeaturizer = super.load(path)
}
