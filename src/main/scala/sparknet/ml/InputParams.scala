package sparknet.ml

import org.apache.spark.ml.param.{DoubleArrayParam, DoubleParam, IntArrayParam, IntParam}
import org.apache.spark.ml.param.{Param, ParamValidators, Params, StringArrayParam}
import org.apache.spark.ml.param.shared.HasFeaturesCol

import sparknet.data.{Augmentation, Chain, Identity, MeanSubtraction, Preprocessing, Scaling}
import sparknet.jna.{CaffeException, Status}

/** Which columns a net looks at, and how it sees them. */
trait InputParams extends Params with HasFeaturesCol {

  /** Several columns instead of `featuresCol`: numbers that are the values of the net's only input, or
    * one column for each of its inputs, in order.
    */
  final val featuresCols: StringArrayParam = new StringArrayParam(
    this,
    "featuresCols",
    "several columns: one for each input of the net, or numbers that are its only input together"
  )

  final val inputShape: IntArrayParam = new IntArrayParam(
    this,
    "inputShape",
    "shape of an item without the batch, such as 3, 32, 32; not needed where the net or the data " +
      "say it"
  )

  final val imageSize: IntArrayParam = new IntArrayParam(
    this,
    "imageSize",
    "height and width to which images are resized, before they are cropped"
  )

  final val channelOrder: Param[String] = TextParam(
    this,
    "channelOrder",
    "order of an image's channels as the net was trained: rgb, or bgr as in Caffe's own models",
    ParamValidators.inArray(Array("rgb", "bgr"))
  )

  final val mean: DoubleArrayParam = new DoubleArrayParam(
    this,
    "mean",
    "subtracted from every item: one value, one for each channel, or one for each value of an item"
  )

  final val scale: DoubleParam =
    new DoubleParam(this, "scale", "what items are multiplied with after the mean was subtracted")

  final val crop: IntArrayParam = new IntArrayParam(
    this,
    "crop",
    "height and width of the part of an image that the net sees: at a random place in training, " +
      "the centre otherwise"
  )

  final val batchSize: IntParam =
    new IntParam(this, "batchSize", "items in a minibatch", ParamValidators.gtEq(1))

  final val handleInvalid: Param[String] = TextParam(
    this,
    "handleInvalid",
    "what is done with rows that cannot be used: error, or skip",
    ParamValidators.inArray(Array("error", "skip"))
  )

  setDefault(channelOrder -> "rgb", scale -> 1.0, handleInvalid -> "error")

  def setFeaturesCol(value: String): this.type = set(featuresCol, value)
  def setFeaturesCols(value: Array[String]): this.type = set(featuresCols, value)
  def setInputShape(value: Array[Int]): this.type = set(inputShape, value)
  def setImageSize(value: Array[Int]): this.type = set(imageSize, value)
  def setChannelOrder(value: String): this.type = set(channelOrder, value)
  def setMean(value: Array[Double]): this.type = set(mean, value)
  def setScale(value: Double): this.type = set(scale, value)
  def setCrop(value: Array[Int]): this.type = set(crop, value)
  def setBatchSize(value: Int): this.type = set(batchSize, value)
  def setHandleInvalid(value: String): this.type = set(handleInvalid, value)

  def getFeaturesCols: Array[String] = $(featuresCols)
  def getInputShape: Array[Int] = $(inputShape)
  def getImageSize: Array[Int] = $(imageSize)
  def getChannelOrder: String = $(channelOrder)
  def getMean: Array[Double] = $(mean)
  def getScale: Double = $(scale)
  def getCrop: Array[Int] = $(crop)
  def getBatchSize: Int = $(batchSize)
  def getHandleInvalid: String = $(handleInvalid)

  private[ml] def columns: Seq[String] =
    if (isSet(featuresCols)) $(featuresCols).toSeq else Seq($(featuresCol))

  private[ml] def bgr: Boolean = $(channelOrder) == "bgr"

  private[ml] def skips: Boolean = $(handleInvalid) == "skip"

  /** Whether the net sees items in another way than columns have them. */
  private[ml] def changesItems: Boolean = isSet(mean) || $(scale) != 1 || isSet(crop)

  /** @param shape
    *   of the items before they are cropped
    */
  private[ml] def preprocessing(shape: Array[Int]): Preprocessing = {
    val means = get(mean).map(values => new MeanSubtraction(InputParams.spread(values, shape)))
    val scaling = if ($(scale) == 1) None else Some(new Scaling($(scale).toFloat))
    (means ++ scaling).reduceOption[Preprocessing](new Chain(_, _)).getOrElse(new Identity)
  }

  private[ml] def augmentation(mirror: Boolean): Augmentation = {
    val extents = get(crop).map(InputParams.extents("crop", _)).getOrElse((0, 0))
    Augmentation(extents._1, extents._2, mirror)
  }
}

private[ml] object InputParams {

  /** One number is for both. */
  def extents(what: String, stated: Array[Int]): (Int, Int) = stated match {
    case Array(both)          => (both, both)
    case Array(height, width) => (height, width)
    case other                => invalid(s"$what is height and width, not ${other.mkString(", ")}")
  }

  private def spread(values: Array[Double], shape: Array[Int]): Array[Float] = {
    val count = shape.product
    if (values.length == count) values.map(_.toFloat)
    else if (values.length == 1) Array.fill(count)(values(0).toFloat)
    else if (shape.length == 3 && values.length == shape(0))
      values.flatMap(v => Array.fill(count / shape(0))(v.toFloat))
    else
      invalid(s"mean: ${values.length} values for items of ${shape.mkString("x")}")
  }

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
