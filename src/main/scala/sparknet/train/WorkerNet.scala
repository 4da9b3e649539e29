package sparknet.train

import sparknet.jna.{Counts, Feed, FloatMemory, WeightsLayout}

/** A layer of a net that takes data.
  *
  * @param shape
  *   extents of what it takes of one item, without the batch
  */
final case class DataTop(name: String, shape: Array[Int]) {
  def size: Int = Counts.product(shape, s"an item of layer '$name'")
}

/** What a net takes per minibatch.
  *
  * @param tops
  *   in the net's order: first those that take up an item, then labels and weights
  * @param batch
  *   items in a minibatch
  */
final case class NetInput(tops: Seq[DataTop], batch: Int)

/** A net with its solver, as a worker uses it. One task at a time. */
trait WorkerNet extends AutoCloseable {
  def layout: WeightsLayout

  /** Copies the weights, in the order of the layout. */
  def readWeights(into: FloatMemory): Unit
  def writeWeights(weights: FloatMemory): Unit

  /** Number of values of the solver's momentum and other history. */
  def historyCount: Int
  def readHistory(into: FloatMemory): Unit
  def writeHistory(history: FloatMemory): Unit

  /** Starts the generators of what is random in the net. */
  def setSeed(seed: Long): Unit

  /** Sets the counter on which learning rate policies depend. */
  def setIteration(iteration: Int): Unit

  /** Sets the rate of the next steps; None: that of the solver's policy. */
  def setLearningRate(rate: Option[Float]): Unit

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
  def readWeights(into: FloatMemory): Unit

  /** Number of values of the solver's momentum and other history. */
  def historyCount: Int

  /** Number of values of the train net's blobs. */
  def blobCount: Long
  def trainInput: NetInput

  /** Minibatches that one iteration takes (`iter_size`). */
  def minibatchesPerIteration: Int
  def testInput: Option[NetInput]

  /** What the solver's policy says at this iteration, without `lr_mult`. */
  def learningRate(iteration: Int): Float

  /** Numbers of classes where labels are classes, all of which are counted, by the place of the layer
    * that takes them among the input's tops.
    */
  def classes: Map[Int, Int]

  /** Sets weights, then writes caffemodel and solverstate; returns their paths. */
  def snapshot(
      prefix: String,
      weights: FloatMemory,
      history: Option[FloatMemory],
      iteration: Int
  ): Array[String]

  /** Reads a solverstate and the caffemodel it names.
    *
    * @param weights
    *   gets the weights
    * @param history
    *   gets the momentum
    */
  def restore(path: String, weights: FloatMemory, history: FloatMemory): Restored

  /** Copies the weights of a caffemodel over `weights` by layer name.
    *
    * @return
    *   one line that says which layers were taken
    */
  def load(path: String, weights: FloatMemory): String
  def save(path: String, weights: FloatMemory): Unit
}

/** The counter of a snapshot, and a line that says what was taken of it. */
final case class Restored(iteration: Int, report: String)

/** Makes the nets of one trainer; sent to the executors. */
trait Model extends Serializable {

  /** Of the net; empty: it has none. */
  def name: String = ""

  /** @param seed
    *   for what is random within the net, dropout for instance
    * @param threads
    *   of the engine
    */
  def newWorker(seed: Long, threads: Int): WorkerNet
  def newMaster(seed: Long): MasterNet
}
