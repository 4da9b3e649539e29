package sparknet.train

import scala.collection.JavaConverters._

import caffe.Caffe.LayerParameter

import sparknet.jna.{FloatMemory, NativeSolver, WeightsLayout}

/** The driver's solver: it makes the first weights, and reads and writes files; it never computes. */
private[train] final class NativeMasterNet(
    solver: NativeSolver,
    override val minibatchesPerIteration: Int
) extends MasterNet {
  private val net = solver.net
  private val built = net.proto

  override val layout: WeightsLayout = net.weightsLayout
  override val trainInput: NetInput = NativeModel.input(net, built)
  override val testInput: Option[NetInput] =
    solver.testNets.headOption.map(n => NativeModel.input(n, n.proto))

  override val classes: Map[Int, Int] = {
    val layers = built.getLayerList.asScala
    val copies = for {
      split <- layers if split.getType == "Split"
      top <- split.getTopList.asScala
    } yield top -> split.getBottom(0)
    val original = copies.toMap
    val tops = layers.filter(_.getType == "JavaData").map(_.getTop(0))
    def labels(layer: LayerParameter): Int =
      if (layer.getBottomCount < 2) -1
      else tops.indexOf(original.getOrElse(layer.getBottom(1), layer.getBottom(1)))
    layers
      .filter(layer => layer.getType == "SoftmaxWithLoss" && labels(layer) >= 0)
      .filterNot(_.getLossParam.hasIgnoreLabel)
      .groupBy(labels)
      .map { case (top, losses) =>
        top -> losses.map(loss => net.blob(loss.getBottom(0)).shape.apply(axis(loss))).min
      }
  }

  override def readWeights(into: FloatMemory): Unit = net.readWeights(into.floats)

  override val historyCount: Int = solver.historyCount
  override val blobCount: Long = net.blobNames.map(name => net.blob(name).count.toLong).sum

  override def learningRate(iteration: Int): Float = {
    solver.setIteration(iteration)
    solver.learningRate
  }

  override def snapshot(
      prefix: String,
      weights: FloatMemory,
      history: Option[FloatMemory],
      iteration: Int
  ): Array[String] = {
    net.writeWeights(weights.floats)
    history.fold(withoutHistory())(values => solver.writeHistory(values.floats))
    solver.setIteration(iteration)
    solver.snapshot(prefix)
  }

  override def restore(path: String, weights: FloatMemory, history: FloatMemory): Restored = {
    val report = solver.restore(path)
    readWeights(weights)
    solver.readHistory(history.floats)
    Restored(solver.iteration, report)
  }

  override def load(path: String, weights: FloatMemory): String = {
    net.writeWeights(weights.floats)
    val report = net.load(path)
    readWeights(weights)
    report
  }

  override def save(path: String, weights: FloatMemory): Unit = {
    net.writeWeights(weights.floats)
    net.save(path)
  }

  private def withoutHistory(): Unit = {
    val nothing = new FloatMemory(historyCount)
    nothing.clear()
    solver.writeHistory(nothing.floats)
    nothing.close()
  }

  override def close(): Unit = solver.close()

  /** The axis of the classes; negative ones count from the end, as the engine does itself. */
  private def axis(layer: LayerParameter): Int = {
    val axis = layer.getSoftmaxParam.getAxis
    if (axis >= 0) axis else net.blob(layer.getBottom(0)).shape.length + axis
  }
}
