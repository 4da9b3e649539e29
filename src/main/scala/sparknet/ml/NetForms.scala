package sparknet.ml

import scala.collection.JavaConverters._

import caffe.Caffe.{LayerParameter, NetParameter, ParamSpec}
import libs.RDDLayer

import sparknet.jna.{CaffeException, NativeNet, Status}
import sparknet.net.{Fields, Layers, NearNames}

/** A net in the forms in which it is trained and used.
  *
  * @param inputShapes
  *   of each of its inputs, without the batch
  */
private[ml] final class NetForms(val parts: NetParts, inputShapes: Seq[Array[Int]]) {
  import NetForms._

  if (inputShapes.length != parts.inputs.length)
    throw new CaffeException(
      Status.SHAPE,
      s"the net has ${parts.inputs.length} inputs (${parts.inputs.mkString(", ")}), and " +
        s"${inputShapes.length} were given"
    )

  /** The net as far as the blobs need it, with Input layers, and the layers that are added to it. */
  def deploy(blobs: Seq[String], added: Seq[LayerParameter] = Nil): NetParameter = {
    val needed = parts.upTo((blobs ++ added.flatMap(NetParts.bottoms)).distinct)
    val inputs = parts.inputs.zip(inputShapes).map { case (name, shape) =>
      Layers("Input")(name, Nil, "shape" -> Fields("dim" -> (1 +: shape.toSeq)))
    }
    net(inputs ++ needed ++ added)
  }

  /** Shape of a blob for one item, which is what is left when the batch is taken away. */
  def shapeOf(blob: String): Array[Int] = {
    val made = NativeNet(deploy(Seq(blob)), NativeNet.Test)
    try made.blob(blob).shape.drop(1)
    finally made.close()
  }

  /** The net with layers that Spark feeds.
    *
    * @param labelCount
    *   values of an item's label; 0: none, and a loss that is added compares with the net's input
    * @param weighted
    *   whether each item has a weight in the loss
    */
  def training(head: Head, batch: Int, labelCount: Int, weighted: Boolean): NetParameter = {
    val label =
      if (labelCount == 0) parts.inputs.head else parts.labels.headOption.getOrElse("label")
    if (labelCount > 0 && parts.labels.length > 1)
      throw new CaffeException(
        Status.UNSUPPORTED,
        s"the net has ${parts.labels.length} inputs for labels (${parts.labels.mkString(", ")}), " +
          "and estimators have one column for them"
      )
    def fed(name: String, shape: Seq[Int]) =
      RDDLayer(name, (batch +: shape).map(n => Long.box(n.toLong)).toList, None)
    val inputs = parts.inputs.zip(inputShapes).map { case (name, shape) => fed(name, shape.toSeq) }
    val labels = if (labelCount > 0) Seq(fed(label, Seq(labelCount))) else Nil
    val weights = if (weighted) Seq(fed(weightBlob, Nil)) else Nil
    // A layer that makes what the loss makes itself.
    val body =
      if (parts.loss.nonEmpty) parts.layers
      else
        parts.layers.filterNot(l =>
          NetParts.tops(l).contains(parts.end) && !l.getTopList.contains(head.raw)
        )
    val loss =
      if (parts.loss.nonEmpty) Nil
      else Seq(Layers(head.loss)(addedLoss, Seq(head.raw, label)))
    val judges = labelCount > 0 && head.takesClasses && !has("Accuracy")
    val judged = if (judges) Seq(accuracy(head, label)) else Nil
    val all = body ++ loss ++ judged
    net(inputs ++ labels ++ weights ++ (if (weighted) all.map(weighing) else all))
  }

  /** The name of the loss among the outputs of the net that is trained. */
  def lossTop: String =
    parts.loss.fold(addedLoss)(layer =>
      if (layer.getTopCount > 0) layer.getTop(0) else layer.getName
    )

  /** The layer that makes probabilities, if there are any to make. */
  def likely(head: Head): Seq[LayerParameter] = head.probabilities(probabilityBlob).toSeq

  private def has(kind: String) = parts.layers.exists(_.getType == kind)

  private def accuracy(head: Head, label: String): LayerParameter =
    Layers("Accuracy")(
      "accuracy",
      Seq(head.raw, label),
      "accuracy_param" -> Fields("axis" -> head.axis),
      "include" -> Fields("phase" -> "TEST")
    )

  private def weighing(layer: LayerParameter): LayerParameter =
    if (weighs(layer.getType) && layer.getBottomCount == 2)
      layer.toBuilder.addBottom(weightBlob).build
    else layer

  private def net(layers: Seq[LayerParameter]): NetParameter =
    NetParameter.newBuilder.setName(parts.name).addAllLayer(layers.asJava).build
}

private[ml] object NetForms {
  private val addedLoss = "loss"
  private val weightBlob = "weight_of_item"
  val probabilityBlob = "probability_of_item"

  /** Losses that take weights of items as a third bottom. */
  private val weighs =
    Set("SoftmaxWithLoss", "SigmoidCrossEntropyLoss", "EuclideanLoss", "HingeLoss")

  /** The net with layers that do not learn; what BatchNorm normalises with stays, too. */
  def frozen(net: NetParameter, names: Seq[String]): NetParameter = if (names.isEmpty) net
  else {
    val built = NativeNet(net, NativeNet.Train)
    try {
      val layers = built.layerNames
      names.filterNot(layers.contains(_)).foreach { name =>
        throw new CaffeException(
          Status.INVALID_ARGUMENT,
          s"freeze: the net has no layer '$name'${NearNames.hint(name, layers.toSeq)}"
        )
      }
      val result = net.toBuilder
      result.getLayerBuilderList.asScala.filter(l => names.contains(l.getName)).foreach { layer =>
        for (i <- 0 until built.numParams(layers.indexOf(layer.getName))) {
          val spec =
            if (i < layer.getParamCount) layer.getParam(i) else ParamSpec.getDefaultInstance
          val still = spec.toBuilder.setLrMult(0).setDecayMult(0).build
          if (i < layer.getParamCount) layer.setParam(i, still) else layer.addParam(still)
        }
        if (layer.getType == "BatchNorm") layer.getBatchNormParamBuilder.setUseGlobalStats(true)
      }
      result.build
    } finally built.close()
  }
}
