package sparknet.ml

import caffe.Caffe.LayerParameter

import sparknet.jna.{CaffeException, Status}
import sparknet.net.{Layers, Fields}

/** What a net says of an item, and what makes it right or wrong.
  *
  * @param loss
  *   the layer's type
  * @param raw
  *   the blob that the loss looks at
  * @param axis
  *   of the classes in it
  */
private[ml] final case class Head(loss: String, raw: String, axis: Int) {

  /** The layer that makes probabilities of the raw values; None: they are none, or are already. */
  def probabilities(top: String): Option[LayerParameter] = loss match {
    case "SoftmaxWithLoss" | "InfogainLoss" =>
      Some(Layers("Softmax")(top, Seq(raw), "softmax_param" -> Fields("axis" -> axis)))
    case "SigmoidCrossEntropyLoss" => Some(Layers("Sigmoid")(top, Seq(raw)))
    case _                         => None
  }

  /** Whether the loss gets probabilities itself. */
  def isProbable: Boolean = loss == "MultinomialLogisticLoss"

  /** Whether each output is a label of its own, yes or no. */
  def isMultiLabel: Boolean = loss == "SigmoidCrossEntropyLoss"

  /** Whether labels are classes: one for an item, or for each of its places. */
  def takesClasses: Boolean = loss != "EuclideanLoss" && !isMultiLabel

  /** Whether an item may have several places, each with a class of its own. */
  def takesPlaces: Boolean = Set("SoftmaxWithLoss", "InfogainLoss")(loss)

  /** Number of classes of a blob of this shape (of an item). */
  def classes(shape: Array[Int]): Int = shape(at(shape))

  /** How many places of an item have a class each; of a net that says one class of it 1. */
  def places(shape: Array[Int]): Int = shape.product / classes(shape)

  /** How an item's classes follow from its values. */
  def largest(shape: Array[Int]): OutputForm =
    if (places(shape) == 1) OutputForm.Largest
    else OutputForm.LargestOfEach(classes(shape), shape.drop(at(shape) + 1).product)

  // Negative axes count from the end.
  private def at(shape: Array[Int]) = if (axis > 0) axis - 1 else shape.length + axis
}

private[ml] object Head {
  private val known = Seq(
    "SoftmaxWithLoss",
    "SigmoidCrossEntropyLoss",
    "MultinomialLogisticLoss",
    "InfogainLoss",
    "HingeLoss",
    "EuclideanLoss"
  )

  /** @param default
    *   type of the loss of a net that has none
    */
  def of(parts: NetParts, default: String): Head = parts.loss match {
    case Some(layer) if known.contains(layer.getType) =>
      val axis = layer.getType match {
        case "SoftmaxWithLoss" => layer.getSoftmaxParam.getAxis
        case "InfogainLoss"    => layer.getInfogainLossParam.getAxis
        case _                 => 1
      }
      val compared = NetParts.bottoms(layer).filterNot(parts.labels.contains)
      val said = compared.find(!parts.inputs.contains(_)).orElse(compared.headOption)
      Head(layer.getType, said.getOrElse(layer.getBottom(0)), axis)
    case Some(layer) =>
      throw new CaffeException(
        Status.UNSUPPORTED,
        s"layer '${layer.getName}': a ${layer.getType} compares items with each other; estimators " +
          s"train with ${known.mkString(", ")}"
      )
    case None =>
      val end = parts.end
      parts.layers.filter(NetParts.tops(_).contains(end)).last match {
        case softmax if softmax.getType == "Softmax" && default == "SoftmaxWithLoss" =>
          Head(default, softmax.getBottom(0), softmax.getSoftmaxParam.getAxis)
        case sigmoid
            if sigmoid.getType == "Sigmoid" && default == "SoftmaxWithLoss" &&
              sigmoid.getBottom(0) != end =>
          Head("SigmoidCrossEntropyLoss", sigmoid.getBottom(0), 1)
        case _ => Head(default, end, 1)
      }
  }
}
