package sparknet.ml

import scala.collection.JavaConverters._

import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.DefaultParamsWritable
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{NumericType, StringType, StructType}

import sparknet.jna.{CaffeException, Status}
import sparknet.train.{FitOver, TrainListener}

/** Trains a net on the rows of a DataFrame: the workers hold parts of them, train for `tau` steps, and
  * average their weights.
  */
abstract class CaffeEstimator[M <: CaffeModel[M]]
    extends Estimator[M]
    with TrainingParams
    with DefaultParamsWritable {

  /** Type of the loss of a net that has none. */
  private[ml] def defaultLoss: String

  /** The columns that the model adds.
    *
    * @param several
    *   whether an item's label has several values
    */
  private[ml] def columnsOf(head: Head, several: Boolean): Seq[OutputColumn]

  /** @param names
    *   of the classes
    */
  private[ml] def model(head: Head, net: TrainedNet, names: Array[String]): M

  override def fit(dataset: Dataset[_]): M = fit(dataset, new TrainListener {})

  /** The same with a listener, which is told of each round and test, and may stop the training. */
  def fit(dataset: Dataset[_], listener: TrainListener): M = {
    val run = fitting(dataset, Seq(listener), keeps = false)
    try {
      run.begin()
      while (run.next() != FitOver) ()
      run.model().setParent(this)
    } finally run.close()
  }

  /** What [[fit]] does, one thing at a time. */
  private[ml] def fitting(
      dataset: Dataset[_],
      listeners: Seq[TrainListener],
      keeps: Boolean
  ): Fitting[M] = {
    transformSchema(dataset.schema)
    val parts = stated
    new Fitting(completed(parts), parts, dataset.toDF(), listeners, keeps)
  }

  override def transformSchema(schema: StructType): StructType = {
    val others = Seq(weightCol, validationIndicatorCol).filter(has).map($(_))
    (columns ++ others).foreach(InputColumns.check(schema, _))
    val parts = stated
    val labels = labelOf(parts)
    labels.foreach(InputColumns.check(schema, _))
    val single = labels.exists(schema(_).dataType match {
      case _: NumericType | StringType => true
      case _                           => false
    })
    val head = Head.of(parts, defaultLoss)
    StructType(schema.fields ++ columnsOf(head, several = !single).map(_.field))
  }

  /** The column of labels, if the net is compared with any. */
  private[ml] def labelOf(parts: NetParts): Option[String] =
    if (isOfItself || (parts.loss.nonEmpty && !parts.takesLabels)) None else Some($(labelCol))

  /** Whether the net's own input is its label. */
  private def isOfItself: Boolean = $(labelCol).isEmpty || columns == Seq($(labelCol))

  private def stated: NetParts = {
    val net = get(this.net).orElse(get(solver).flatMap(Solvers.netOf))
    val parts = NetParts.of(
      Solvers.net(net.getOrElse(invalid("there is no net: set net, or a solver that names one")))
    )
    val head = Head.of(parts, defaultLoss)
    if (isOfItself && head.takesClasses)
      invalid(
        s"labelCol is '${$(labelCol)}', which is to say that the net's input is its label, and a " +
          s"${head.loss} takes numbers of classes"
      )
    if (isOfItself) parts.ofItself else parts
  }

  /** With what the net's own data layer says where nothing else is said. */
  private def completed(parts: NetParts): CaffeEstimator[M] = {
    val own = copy(ParamMap.empty).asInstanceOf[CaffeEstimator[M]]
    for (transform <- parts.transform) {
      if (!isSet(crop) && transform.getCropSize > 0) own.setCrop(Array(transform.getCropSize))
      if (!isSet(mirror) && transform.getMirror) own.setMirror(true)
      if (!isSet(scale) && transform.hasScale) own.setScale(transform.getScale.toDouble)
      if (!isSet(mean) && transform.getMeanValueCount > 0) {
        val values = transform.getMeanValueList.asScala.map(_.toDouble).toArray // blue first
        own.setMean(if ($(channelOrder) == "rgb") values.reverse else values)
      }
    }
    if (!isSet(batchSize)) parts.batch.foreach(own.setBatchSize)
    own
  }

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
