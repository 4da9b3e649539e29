package sparknet.train

import sparknet.jna.{CaffeException, Feed, FloatMemory, NativeSolver, Status, WeightsLayout}

/** A solver of the engine with its nets, for one worker. */
private[train] final class NativeWorkerNet(
    solver: NativeSolver,
    override val minibatchesPerIteration: Int
) extends WorkerNet {
  private val net = solver.net
  private val testNet = solver.testNets.headOption
  // Nobody here looks at activations or their gradients.
  net.keepGradients(false)
  testNet.foreach(_.keepValues(Array.empty))

  override val layout: WeightsLayout = net.weightsLayout
  override val trainInput: NetInput = NativeModel.input(net, net.proto)
  override val testInput: Option[NetInput] = testNet.map(n => NativeModel.input(n, n.proto))
  override val testOutputs: Array[String] = testNet.fold(Array.empty[String])(_.outputs)
  private var testBatch = testInput.fold(0)(_.batch)

  override def readWeights(into: FloatMemory): Unit = net.readWeights(into.floats)
  override def writeWeights(weights: FloatMemory): Unit = net.writeWeights(weights.floats)
  override def historyCount: Int = solver.historyCount
  override def readHistory(into: FloatMemory): Unit = solver.readHistory(into.floats)
  override def writeHistory(history: FloatMemory): Unit = solver.writeHistory(history.floats)
  override def setSeed(seed: Long): Unit = solver.setSeed(seed)
  override def setIteration(iteration: Int): Unit = solver.setIteration(iteration)
  override def setLearningRate(rate: Option[Float]): Unit = solver.setLearningRate(rate)
  override def setTrainFeed(feed: Feed): Unit = net.setFeed(feed)

  // One at a time: a longer step would return the smoothed loss.
  override def step(): Float = solver.step(1)

  override def test(feed: Feed, batches: Int, size: Int): Array[Double] = {
    val tested = testNet.getOrElse(throw new CaffeException(Status.STATE, "there is no test net"))
    if (size != testBatch) {
      tested.setBatchSize(size)
      testBatch = size
    }
    tested.setFeed(feed)
    try {
      val sums = solver.test(0, batches).map(_.toDouble)
      val counts = testOutputs.map(name => tested.blob(name).count)
      val starts = counts.scanLeft(0)(_ + _)
      counts.zip(starts).map { case (count, start) => sums.slice(start, start + count).sum / count }
    } finally tested.setFeed(null)
  }

  override def close(): Unit = solver.close()
}
