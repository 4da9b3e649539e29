package sparknet.ml

import scala.collection.JavaConverters._

import caffe.Caffe.{LayerParameter, NetParameter, NetStateRule, Phase}

import sparknet.jna.{CaffeException, Status}
import sparknet.net.DataLayers

/** What the parts of a net are there for. A net may be one for training, one for use, or only the
  * layers between data and loss.
  *
  * @param name
  *   of the net
  * @param layers
  *   all but those that read data
  * @param sources
  *   the layers that read data
  * @param inputs
  *   blobs that take items
  * @param labels
  *   blobs that only losses and accuracies look at
  */
private[ml] final case class NetParts(
    name: String,
    layers: Seq[LayerParameter],
    sources: Seq[LayerParameter],
    inputs: Seq[String],
    labels: Seq[String]
) {
  import NetParts._

  /** The loss by which the net is judged: the last one. Others help it in training. */
  def loss: Option[LayerParameter] =
    layers.filter(layer => isLoss(layer) && runsIn(layer, Phase.TRAIN)).lastOption

  /** Whether any layer looks at labels. */
  def takesLabels: Boolean = layers.exists(bottoms(_).exists(labels.contains))

  /** The same net with its own input in the place of labels: an autoencoder. */
  def ofItself: NetParts = inputs match {
    case Seq(one) =>
      val compared = layers.map { layer =>
        val changed = layer.toBuilder.clearBottom()
        bottoms(layer).map(b => if (labels.contains(b)) one else b).foreach(changed.addBottom)
        changed.build
      }
      copy(layers = compared, labels = Nil)
    case several =>
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"a net is compared with its own input, and there are ${several.length} " +
          s"(${several.mkString(", ")}): set labelCol"
      )
  }

  /** The blob that nothing comes after, if the net has no loss. */
  def end: String = {
    val used = layers.flatMap(l => bottoms(l).filterNot(tops(l).contains)).toSet
    layers.flatMap(tops).distinct.filterNot(used) match {
      case Seq(one) => one
      case several  =>
        throw new CaffeException(
          Status.BAD_NET,
          s"the net has no loss and ${several.length} outputs (${several.mkString(", ")}): " +
            "say with a loss layer which one is to be trained"
        )
    }
  }

  /** The shape of an input without the batch, if the layers that read data say it: a crop or the shape
    * itself.
    */
  def shapeOf(input: String): Option[Array[Int]] = sources
    .filter(tops(_).contains(input))
    .map { layer =>
      val at = tops(layer).indexOf(input)
      def of(shapes: Seq[caffe.Caffe.BlobShape]) =
        (if (shapes.length == 1) shapes.headOption else shapes.lift(at))
          .map(_.getDimList.asScala.map(_.toInt).toArray.drop(1))
          .filter(_.nonEmpty)
      layer.getType match {
        case "Input"                 => of(layer.getInputParam.getShapeList.asScala.toSeq)
        case "JavaData"              => of(Seq(layer.getJavaDataParam.getShape))
        case "MemoryData" if at == 0 =>
          val own = layer.getMemoryDataParam
          Some(Array(own.getChannels, own.getHeight, own.getWidth))
        case _ => None
      }
    }
    .collectFirst { case Some(shape) => shape }

  /** Items in a minibatch, if the training net's own data layer says it. */
  def batch: Option[Int] = sources
    .filter(runsIn(_, Phase.TRAIN))
    .map { layer =>
      if (layer.getType == "JavaData") layer.getJavaDataParam.getShape.getDim(0).toInt
      else DataLayers.batch(layer)
    }
    .find(_ > 0)

  /** How the training net's own data layer changes items, if it does. */
  def transform: Option[caffe.Caffe.TransformationParameter] =
    sources.filter(runsIn(_, Phase.TRAIN)).find(_.hasTransformParam).map(_.getTransformParam)

  /** The layers of the TEST phase that the blobs depend on. */
  def upTo(blobs: Seq[String]): Seq[LayerParameter] = {
    val present = layers.filter(runsIn(_, Phase.TEST))
    val known = present.flatMap(tops) ++ inputs
    blobs.filterNot(known.contains(_)).foreach { blob =>
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"the net has no blob '$blob'; it has ${known.distinct.mkString(", ")}"
      )
    }
    val (needed, _) = present.foldRight((List.empty[LayerParameter], blobs.toSet)) {
      case (layer, (kept, wanted)) =>
        val wants = !isLoss(layer) && tops(layer).exists(wanted)
        if (wants) (layer :: kept, wanted ++ bottoms(layer)) else (kept, wanted)
    }
    needed
  }
}

private[ml] object NetParts {
  private val fed = Set("JavaData", "Input")

  def of(net: NetParameter): NetParts = {
    val (sources, layers) =
      net.getLayerList.asScala.toSeq.partition(l =>
        (DataLayers.reads(l) || fed(l.getType)) && l.getBottomCount == 0
      )
    if (layers.isEmpty) throw new CaffeException(Status.BAD_NET, "the net has no layers to train")
    val made = layers.flatMap(tops).toSet
    val open = (sources.flatMap(tops) ++ layers.flatMap(bottoms).filterNot(made)).distinct
    val (labels, inputs) = open.partition(blob => blob == "label" || isLabel(blob, layers))
    if (inputs.isEmpty) throw new CaffeException(Status.BAD_NET, "no layer of the net takes data")
    NetParts(net.getName, layers, sources, inputs, labels)
  }

  def isLoss(layer: LayerParameter): Boolean = layer.getType.endsWith("Loss")

  def tops(layer: LayerParameter): Seq[String] = layer.getTopList.asScala.toSeq

  def bottoms(layer: LayerParameter): Seq[String] = layer.getBottomList.asScala.toSeq

  /** Whether a layer is part of the net in a phase, without stages and at level 0 (Caffe's rule). */
  def runsIn(layer: LayerParameter, phase: Phase): Boolean = {
    def meets(rule: NetStateRule): Boolean =
      (!rule.hasPhase || rule.getPhase == phase) &&
        (!rule.hasMinLevel || rule.getMinLevel <= 0) &&
        (!rule.hasMaxLevel || rule.getMaxLevel >= 0) && rule.getStageCount == 0
    if (layer.getIncludeCount == 0) !layer.getExcludeList.asScala.exists(meets)
    else layer.getIncludeList.asScala.exists(meets)
  }

  /** Whether all that comes of a blob is compared with what the net says. */
  private def isLabel(blob: String, layers: Seq[LayerParameter]): Boolean = {
    val uses = layers.filter(bottoms(_).contains(blob))
    uses.nonEmpty && uses.forall { layer =>
      if (isLoss(layer) || layer.getType == "Accuracy") bottoms(layer).indexOf(blob) > 0
      else tops(layer).nonEmpty && tops(layer).forall(top => top != blob && isLabel(top, layers))
    }
  }
}
