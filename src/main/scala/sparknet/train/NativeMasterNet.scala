package sparknet.train

import scala.collection.JavaConverters._

import caffe.Caffe.LayerParameter

import sparknet.jna.{NativeSolver, WeightsLayout}

/** The driver's solver: it makes the first weights, and reads and writes files; it never computes. */
private[train] final class NativeMasterNet(solver: NativeSolver) extends MasterNet {
  private val net = solver.net
  private val built = net.proto

  override val layout: WeightsLayout = net.weightsLayout
  override val trainInput: NetInput = NativeModel.input(net, built)
  override val testInput: Option[NetInput] =
    solver.testNets.headOption.map(n => NativeModel.input(n, n.proto))

  override val classes: Option[Int] = {
    val layers = built.getLayerList.asScala
    val copies = for {
      split <- layers if split.getType == "Split"
      top <- split.getTopList.asScala
    } yield top -> split.getBottom(0)
    val original = copies.toMap
    val labels = layers.filter(_.getType == "JavaData").drop(1).map(_.getTop(0))
    def takesLabels(layer: LayerParameter): Boolean = layer.getBottomCount > 1 && {
      val bottom = layer.getBottom(1)
      labels.contains(original.getOrElse(bottom, bottom))
    }
    layers
      .filter(layer => layer.getType == "SoftmaxWithLoss" && takesLabels(layer))
      .filterNot(_.getLossParam.hasIgnoreLabel)
      .map(layer => net.blob(layer.getBottom(0)).shape.apply(axis(layer)))
      .reduceOption(_ min _)
  }

  override def readWeights(): Array[Float] = {
    val weights = new Array[Float](layout.count)
    net.readWeights(weights)
    weights
  }

  override def snapshot(
      prefix: String,
      weights: Array[Float],
      history: Option[Array[Float]],
      iteration: Int
  ): Array[String] = {
    net.writeWeights(weights)
    solver.writeHistory(history.getOrElse(new Array[Float](solver.historyCount)))
    solver.setIteration(iteration)
    solver.snapshot(prefix)
  }

  override def restore(path: String): Restored = {
    val report = solver.restore(path)
    val history = new Array[Float](solver.historyCount)
    solver.readHistory(history)
    Restored(readWeights(), history, solver.iteration, report)
  }

  override def load(path: String, weights: Array[Float]): Loaded = {
    net.writeWeights(weights)
    val report = net.load(path)
    Loaded(readWeights(), report)
  }

  override def save(path: String, weights: Array[Float]): Unit = {
    net.writeWeights(weights)
    net.save(path)
  }

  override def close(): Unit = solver.close()

  /** The axis of the classes; negative ones count from the end, as the engine does itself. */
  private def axis(layer: LayerParameter): Int = {
    val axis = layer.getSoftmaxParam.getAxis
    if (axis >= 0) axis else net.blob(layer.getBottom(0)).shape.length + axis
  }
}
