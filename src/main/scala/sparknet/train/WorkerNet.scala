package sparknet.train

import sparknet.jna.{Counts, Feed, WeightsLayout}

/** What a net takes per minibatch.
  *
  * @param name
  *   of the layer that takes the items
  * @param itemShape
  *   extents of one item, without the batch
  * @param batch
  *   items in a minibatch
  */
final case class NetInput(name: String, itemShape: Array[Int], batch: Int) {
  def itemSize: Int = Counts.product(itemShape, s"an item of layer '$name'")
}

/** A net with its solver, as a worker uses it. One task at a time. */
trait WorkerNet extends AutoCloseable {
  def layout: WeightsLayout

  /** A copy of the weights, in the order of the layout. */
  def readWeights(): Array[Float]
  def writeWeights(weights: Array[Float]): Unit

  /** A copy of the solver's momentum and other history. */
  def readHistory(): Array[Float]
  def writeHistory(history: Array[Float]): Unit

  /** Sets the counter on which learning rate policies depend. */
  def setIteration(iteration: Int): Unit

  def trainInput: NetInput

  /** Minibatches that one iteration takes (`iter_size`). */
  def minibatchesPerIteration: Int

  /** Sets what fills the train net. */
  def setTrainFeed(feed: Feed): Unit

  /** One training iteration; returns its loss. If it fails, the weights stay as they were. */
  def step(): Float

  /** None: the solver has no test net. */
  def testInput: Option[NetInput]

  /** Names of the test net's outputs. */
  def testOutputs: Array[String]

  /** Runs the test net over `batches` minibatches of `size` items; for each output the sum over the
    * minibatches, of an output with several values of their mean.
    */
  def test(feed: Feed, batches: Int, size: Int): Array[Double]
}

/** The driver's copy of the model: where layout and first weights come from, and snapshots go. */
trait MasterNet extends AutoCloseable {
  def layout: WeightsLayout
  def readWeights(): Array[Float]
  def trainInput: NetInput
  def testInput: Option[NetInput]

  /** Number of classes if the net's labels are classes, all of which are counted. */
  def classes: Option[Int]

  /** Sets weights, then writes caffemodel and solverstate; returns their paths. */
  def snapshot(
      prefix: String,
      weights: Array[Float],
      history: Option[Array[Float]],
      iteration: Int
  ): Array[String]

  /** Reads a solverstate and the caffemodel it names. */
  def restore(path: String): Restored

  /** The weights after those of a caffemodel have been copied over `weights` by layer name. */
  def load(path: String, weights: Array[Float]): Loaded
  def save(path: String, weights: Array[Float]): Unit
}

/** What a snapshot holds, and a line that says what was taken of it. */
final case class Restored(
    weights: Array[Float],
    history: Array[Float],
    iteration: Int,
    report: String
)

/** The weights, and a line that says which layers were taken from a file. */
final case class Loaded(weights: Array[Float], report: String)

/** Makes the nets of one trainer; sent to the executors. */
trait Model extends Serializable {

  /** @param seed
    *   for what is random within the net, dropout for instance
    * @param threads
    *   of the engine
    */
  def newWorker(seed: Long, threads: Int): WorkerNet
  def newMaster(seed: Long): MasterNet
}
