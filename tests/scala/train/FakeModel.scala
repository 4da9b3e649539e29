package sparknet.train

import java.nio.FloatBuffer
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger

import scala.collection.JavaConverters._

import sparknet.jna.{CaffeException, Feed, FloatMemory, Status, WeightsEntry, WeightsLayout}

/** What the fake nets of a test did; tests and tasks share this JVM. */
object FakeModel {
  final case class Step(
      net: Int,
      seed: Long,
      turnSeed: Long,
      iteration: Int,
      rate: Option[Float],
      items: Seq[Float],
      labels: Seq[Float]
  )

  val steps = new ConcurrentLinkedQueue[Step]
  val made = new AtomicInteger
  val closed = new AtomicInteger

  def reset(): Unit = {
    steps.clear()
    made.set(0)
    closed.set(0)
  }

  def seen: Seq[Step] = steps.asScala.toSeq

  val layout: WeightsLayout = WeightsLayout(
    Vector(WeightsEntry("sum", 0, Array(2), 0), WeightsEntry("count", 0, Array(1), 2))
  )
  val otherLayout: WeightsLayout = WeightsLayout(Vector(WeightsEntry("sum", 0, Array(3), 0)))
}

/** Nets of three weights that need no engine. A step adds to the first one the mean of the items
  * (each one value, unless the test says otherwise), to the second one 1; the third one is the item seen last. Momentum counts the
  * steps. The loss is the mean of the items. An item of value 666 makes the step fail, 667 makes the
  * loss infinite.
  */
final class FakeModel(
    batch: Int = 2,
    iterSize: Int = 1,
    testNet: Boolean = true,
    numClasses: Option[Int] = None,
    workerLayout: WeightsLayout = FakeModel.layout,
    itemShape: Array[Int] = Array(1)
) extends Model {

  override def newWorker(seed: Long, threads: Int): WorkerNet = new FakeNet(seed)

  override def newMaster(seed: Long): MasterNet = new MasterNet {
    override val layout: WeightsLayout = FakeModel.layout
    override def readWeights(into: FloatMemory): Unit = into.clear()
    override def historyCount: Int = 3
    override def blobCount: Long = 2
    override def minibatchesPerIteration: Int = iterSize
    override def trainInput: NetInput = input
    override def learningRate(iteration: Int): Float = 1f / (1 + iteration)
    override def testInput: Option[NetInput] = if (testNet) Some(input) else None
    override def classes: Map[Int, Int] = numClasses.map(1 -> _).toMap
    override def snapshot(
        prefix: String,
        weights: FloatMemory,
        history: Option[FloatMemory],
        iteration: Int
    ): Array[String] = Array(
      s"$prefix $iteration",
      weights.toArray.mkString(","),
      history.fold("none")(_.toArray.mkString(","))
    )
    override def restore(path: String, weights: FloatMemory, history: FloatMemory): Restored = {
      weights.floats.put(Array(5f, 6f, 7f))
      history.floats.put(Array(100f, 0f, 0f))
      Restored(40, s"$path: all")
    }
    override def load(path: String, weights: FloatMemory): String = {
      val more = weights.toArray.map(_ + 1)
      weights.floats.put(more)
      s"$path: some"
    }
    override def save(path: String, weights: FloatMemory): Unit = ()
    override def close(): Unit = ()
  }

  private def input =
    NetInput(Seq(DataTop("data", itemShape), DataTop("label", Array.empty)), batch)

  private final class FakeNet(seed: Long) extends WorkerNet {
    private val number = FakeModel.made.incrementAndGet()
    private var weights = new Array[Float](3)
    private var history = new Array[Float](3)
    private var iteration = 0
    private var feed: Feed = _
    private var turnSeed = -1L
    private var rate = Option.empty[Float]

    override val layout: WeightsLayout = workerLayout
    override def readWeights(into: FloatMemory): Unit = { into.floats.put(weights); () }
    override def writeWeights(w: FloatMemory): Unit = weights = w.toArray
    override def historyCount: Int = history.length
    override def readHistory(into: FloatMemory): Unit = { into.floats.put(history); () }
    override def writeHistory(h: FloatMemory): Unit = history = h.toArray
    override def setSeed(s: Long): Unit = turnSeed = s
    override def setIteration(i: Int): Unit = iteration = i
    override def trainInput: NetInput = input
    override def minibatchesPerIteration: Int = iterSize
    override def setLearningRate(r: Option[Float]): Unit = rate = r
    override def setTrainFeed(f: Feed): Unit = feed = f

    override def step(): Float = {
      val minibatches = Seq.fill(iterSize)(take(feed, batch))
      val items = minibatches.flatMap(_._1)
      FakeModel.steps.add(
        FakeModel.Step(number, seed, turnSeed, iteration, rate, items, minibatches.flatMap(_._2))
      )
      if (items.contains(666f))
        throw new CaffeException(Status.NUMERIC, "label 666 is out of range")
      val mean = items.sum / items.length
      weights = Array(weights(0) + mean, weights(1) + 1, items.last)
      history(0) += 1
      iteration += 1
      if (items.contains(667f)) Float.PositiveInfinity else mean
    }

    override def testInput: Option[NetInput] = if (testNet) Some(input) else None
    override def testOutputs: Array[String] = Array("mean", "weight")

    override def test(f: Feed, batches: Int, size: Int): Array[Double] = {
      val means = Seq.fill(batches)(take(f, size)._1.sum / size)
      Array(means.map(_.toDouble).sum, weights(0).toDouble * batches)
    }

    override def close(): Unit = FakeModel.closed.incrementAndGet()

    private def take(from: Feed, size: Int): (Seq[Float], Seq[Float]) = {
      val (data, labels) =
        (FloatBuffer.allocate(size * itemShape.product), FloatBuffer.allocate(size))
      from.fill(Array(data, labels))
      (data.array.toSeq, labels.array.toSeq)
    }
  }
}
