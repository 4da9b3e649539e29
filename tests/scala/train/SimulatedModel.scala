package sparknet.train

import java.nio.FloatBuffer

import scala.collection.mutable.ArrayBuffer

import sparknet.data.{Block, Stock}
import sparknet.jna.{CaffeException, Feed, FloatMemory, Status, WeightsEntry, WeightsLayout}

/** What one turn of a worker did, whether it was of use or not. */
private[train] final case class TurnRecord(
    host: Long,
    executor: Int,
    worker: Int,
    iteration: Int,
    start: Vector[Float],
    end: Vector[Float],
    items: Vector[Float],
    momentumBefore: Vector[Float],
    momentumAfter: Vector[Float]
)

/** Where nets of the simulation run. */
private[train] trait Doing {

  /** The host whose turn it is, and the number of its executor. */
  def host: (Long, Int)

  /** Lets virtual time pass while a net is busy. */
  def step(): Unit
}

/** Nets that need no engine, of any number of weights, all of which change in each step: they depend on
  * items, iteration and momentum. An item 666 makes a step fail, 667 makes the loss infinite.
  */
private[train] final class SimulatedModel(val floats: Int, val history: Int, doing: Doing)
    extends Model {
  val layout: WeightsLayout = WeightsLayout(
    Vector(WeightsEntry("weights", 0, Array(floats), 0))
  )
  val turns = new ArrayBuffer[TurnRecord]
  val tested = new ArrayBuffer[Vector[Float]] // the weights of each test

  /** Whether items 666 and 667 do harm. */
  var poisonous = true
  var made = 0
  var closed = 0

  override def newWorker(seed: Long, threads: Int): WorkerNet = new Net
  override def newMaster(seed: Long): MasterNet = throw new UnsupportedOperationException

  private final class Net extends WorkerNet {
    made += 1
    private var weights = new Array[Float](floats)
    private var momentum = new Array[Float](history)
    private var iteration = 0
    private var first = 0
    private var feed: Feed = _
    private var start = Vector.empty[Float]
    private var before = Vector.empty[Float]
    private var items = Vector.empty[Float]
    private var worker = -1
    private var open = true

    override val layout: WeightsLayout = SimulatedModel.this.layout
    override def writeWeights(from: FloatMemory): Unit = {
      check()
      weights = from.toArray
      start = weights.toVector
      before = momentum.toVector
      items = Vector.empty
    }
    override def readWeights(into: FloatMemory): Unit = {
      check()
      into.floats.put(weights)
      val (host, executor) = doing.host
      turns += TurnRecord(
        host,
        executor,
        worker,
        first,
        start,
        weights.toVector,
        items,
        before,
        momentum.toVector
      )
    }
    override def historyCount: Int = history
    override def readHistory(into: FloatMemory): Unit = {
      check()
      into.floats.put(momentum)
      ()
    }
    override def writeHistory(from: FloatMemory): Unit = {
      check()
      momentum = from.toArray
    }
    override def setSeed(seed: Long): Unit = ()
    override def setIteration(next: Int): Unit = {
      first = next
      iteration = next
    }
    override def setLearningRate(rate: Option[Float]): Unit = ()
    override def trainInput: NetInput = SimulatedModel.input
    override def minibatchesPerIteration: Int = 1
    override def setTrainFeed(next: Feed): Unit = feed = next

    override def step(): Float = {
      doing.step()
      check()
      val (values, labels) = take(feed, SimulatedModel.batch)
      if (poisonous && values.contains(666f))
        throw new CaffeException(Status.NUMERIC, "label 666 is out of range")
      val mean = values.sum / values.length
      worker = labels.head.toInt
      items ++= values
      for (i <- momentum.indices) momentum(i) = momentum(i) * 0.5f + (mean + i)
      for (i <- weights.indices)
        weights(i) = weights(i) * 0.75f + 0.01f * momentum(i % history) + 0.001f * (iteration + i)
      iteration += 1
      if (poisonous && values.contains(667f)) Float.PositiveInfinity else mean
    }

    override def testInput: Option[NetInput] = Some(SimulatedModel.input)
    override def testOutputs: Array[String] = Array("mean")
    override def test(from: Feed, batches: Int, size: Int): Array[Double] = {
      doing.step()
      check()
      tested += weights.toVector
      Array(Seq.fill(batches)(take(from, size)._1.sum.toDouble / size).sum)
    }

    override def close(): Unit = {
      check()
      open = false
      closed += 1
    }

    private def check(): Unit = assert(open, "a net was used after its end")

    private def take(from: Feed, size: Int): (Seq[Float], Seq[Float]) = {
      val (data, labels) = (FloatBuffer.allocate(size), FloatBuffer.allocate(size))
      from.fill(Array(data, labels))
      (data.array.toSeq, labels.array.toSeq)
    }
  }
}

private[train] object SimulatedModel {
  val batch = 2
  private val input =
    NetInput(Seq(DataTop("data", Array(1)), DataTop("label", Array.empty)), batch)

  /** A worker's items: each is of one value, and has the worker for label. */
  def stock(worker: Int, values: Seq[Float]): Stock = {
    val blocks = values.grouped(5).map { some =>
      new Block(Array(1), Array.fill(some.length)(worker.toFloat), null, some.toArray)
    }
    val all = blocks.toArray
    new Stock(
      if (all.isEmpty) Array.empty else Array(all.map(_.size)),
      _ => all.iterator
    )
  }
}
