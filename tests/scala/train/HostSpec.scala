package sparknet.train

import java.io.IOException
import java.nio.ByteBuffer

import org.apache.spark.sparknet.Place
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.data.{Augmentation, Block, Identity, Labelling, Stock}
import sparknet.jna.{FloatMemory, SharedNumbers}

class HostSpec extends AnyFlatSpec {
  private val trainer = Long.MaxValue / 3 // that no other test has
  private val pieces = Pieces.of(3, 1)

  /** Whom nobody asks for anything. */
  private object Nobody extends Memory {
    var published: Map[String, Int] = Map.empty // bytes by name
    override val here: Place = Place("here", 1, "1")
    override def publish(name: String, bytes: ByteBuffer, copied: Boolean): Unit =
      published += name -> bytes.remaining
    override def withdraw(name: String): Unit = published -= name
    override def fetch(from: Published, piece: Int): Incoming = throw new AssertionError
    override def spill(bytes: ByteBuffer): Spilled = throw new AssertionError
  }

  private def newHost(trainer: Long = trainer, memory: Memory = Nobody): Host = {
    val room = Room(1, 1, 1, 1, 1)
    val model = new FakeModel
    val plan =
      HostPlan(trainer, Set(trainer), model, FakeModel.layout, 1, room, false, None, None)
    val nothing = (_: Int) => new Stock(Array.empty, _ => Iterator.empty)
    new Host(1, plan, memory, nothing, nothing, _ => false)
  }

  "A Host" should "free what it published of momentum when that is over" taggedAs Unit in {
    try {
      val host = newHost()
      for (worker <- 0 to 1) // they take turns at one net
        WorkerNets
          .lease(trainer, Set(trainer), worker, 1, Aside(1, Nobody.spill))(
            new FakeModel().newWorker(0, 1)
          )
          .end(true)
      val before = SharedNumbers.openBytes
      val vector = 3 * 4 // bytes
      for (i <- 0 until 3) {
        def handle(step: Int, work: Work) = host.handle(Order(4L * i + step, work))
        val Some(Exported(found)) = handle(0, Export(Seq(0, 1), pieces))
        assert(found.map(_.worker) == Seq(0, 1))
        val terms = found.map(momentum => Term(momentum.vector, 1))
        // The weights of a round, all from here, lie published beside the momentum.
        val mean = handle(1, Reduce(Some(i.toLong), terms, pieces.all, alone = false))
        assert(mean.exists(_.isInstanceOf[Shown]) && Nobody.published.values.sum == 3 * vector)
        // Its mean takes their place: more than three vectors may be too many.
        handle(2, Reduce(None, terms, pieces.all, alone = true))
        assert(Nobody.published.values.sum == 3 * vector)
        assert(SharedNumbers.openBytes == before + 2 * vector) // a copy of the net's, and the mean
        handle(3, Forget)
        assert(SharedNumbers.openBytes == before && Nobody.published.isEmpty)
      }
      host.close()
    } finally WorkerNets.close(trainer)
  }

  /** Which has room for a first piece. */
  private final class Full extends Memory {
    var withdrawn: Set[String] = Set.empty
    override val here: Place = Place("here", 1, "1")
    override def publish(name: String, bytes: ByteBuffer, copied: Boolean): Unit =
      if (!name.endsWith("-0")) throw new IOException("No space left on device")
    override def withdraw(name: String): Unit = withdrawn += name
    override def fetch(from: Published, piece: Int): Incoming = throw new AssertionError
    override def spill(bytes: ByteBuffer): Spilled = throw new AssertionError
  }

  it should "be given up where the disk is full, or taken away with the executor" taggedAs Unit in {
    val own = trainer - 10
    val full = new Full
    try {
      WorkerNets
        .lease(own, Set(own), 0, 1, Aside(1, full.spill))(new FakeModel().newWorker(0, 1))
        .end(true)
      val host = newHost(own, full)
      val Some(Broken(_, why)) = host.handle(Order(1, Export(Seq(0), Pieces(3, 2, false))))
      assert(why.toString.contains("set spark.executor.memory higher"))
      assert(why.toString.contains("No space left on device"))
      assert(host.failure.exists(_.isInstanceOf[IOException]) && full.withdrawn.size == 1)
      host.close()
    } finally WorkerNets.close(own)
  }

  /** Which has what is published, and on disk, in arrays. */
  private final class Here extends Memory {
    var published: Map[String, ByteBuffer] = Map.empty
    var files = 0
    override val here: Place = Place("here", 1, "1")

    private def copy(bytes: ByteBuffer) = {
      val kept = ByteBuffer.allocate(bytes.remaining).order(bytes.order)
      kept.put(bytes.duplicate())
      kept.flip()
      kept
    }
    override def publish(name: String, bytes: ByteBuffer, copied: Boolean): Unit =
      published += name -> (if (copied) copy(bytes) else bytes)
    override def withdraw(name: String): Unit = published -= name
    override def fetch(from: Published, piece: Int): Incoming = new Incoming {
      override def await(millis: Long): Boolean = true
      override def failure: Option[String] = None
      override def copyTo(start: Int, into: ByteBuffer): Unit = {
        val bytes = published(from.piece(piece)).duplicate()
        bytes.position(start).limit(start + into.remaining)
        into.put(bytes)
        ()
      }
      override def close(): Unit = ()
    }
    override def spill(bytes: ByteBuffer): Spilled = new Spilled {
      private val kept = copy(bytes)
      files += 1
      override def read(into: ByteBuffer): Unit = { into.put(kept.duplicate()); () }
      override def close(): Unit = files -= 1
    }
  }

  it should "have no more in memory than there is room for, whatever it is dealt" taggedAs Unit in {
    val workers = 4
    val vector = 3L * 4 // bytes, of weights and of momentum
    val supply = Some(Supply(Array(1), new Identity, Augmentation.none, 1000, 0, Labelling.plain))
    for (held <- 1 to 5) {
      val own = trainer - held
      try {
        val room = Room(1, 1, 1, 1, 1, held)
        val model = new FakeModel
        val plan = HostPlan(own, Set(own), model, FakeModel.layout, 1, room, false, supply, None)
        val stock = (worker: Int) =>
          new Stock(
            Array(Array(2)),
            _ => Iterator(new Block(Array(1), Array(1f, 1f), null, Array.fill(2)(worker + 1f)))
          )
        val memory = new Here
        val before = SharedNumbers.openBytes
        val first = FloatMemory.of(Array(10f, 0f, 0f))
        val start = new Publication(memory, "start", pieces, first)
        start.show(pieces.all)
        val host = new Host(1, plan, memory, stock, stock, _ => false)
        def inMemory =
          SharedNumbers.openBytes - before - 2 * vector // the first weights, and its own
        for (round <- 0 to 2) {
          val weights = Weights(round.toLong, pieces, pieces.all.map(_ => start.vector))
          val turns = (0 until workers).map(Turn(_, 2L * round, None))
          val order =
            Train(weights, pieces, round, round, None, Duration(1, Double.PositiveInfinity), turns)
          val Some(Trained(results)) = host.handle(Order(2L * round, order))
          // What workers have come to, and the momentum of those whose turn it is not.
          assert(inMemory == vector * (math.min(held, workers) + math.min(held - 1, workers - 1)))
          assert(memory.files == math.max(0, workers - held))
          val terms = results.map(result => Term(result.vector.get, result.images))
          val mean = Reduce(Some(round + 1L), terms, pieces.all, alone = true)
          val Some(Shown(vectors)) = host.handle(Order(2L * round + 1, mean))
          val sums =
            memory.published(vectors.piece(0)).duplicate().order(java.nio.ByteOrder.nativeOrder)
          // Each adds its item to the first number, and one to the second; the last is the item.
          assert(sums.getFloat(0) == 10 + 2.5f * (round + 1))
          assert(sums.getFloat(4) == round + 1 && sums.getFloat(8) == 2.5f)
        }
        val Some(Exported(momentum)) = host.handle(Order(100, Export(0 until workers, pieces)))
        for (one <- momentum) {
          val bytes = memory.published(one.vector.piece(0)).duplicate()
          assert(bytes.order(java.nio.ByteOrder.nativeOrder).getFloat(0) == 3) // steps
        }
        host.handle(Order(101, Forget))
        host.close()
        start.withdraw()
        first.close()
        assert(memory.published.isEmpty)
        // But for the momentum of those whose turn it was not.
        assert(SharedNumbers.openBytes == before + vector * math.min(held - 1, workers - 1))
        WorkerNets.close(own)
        assert(memory.files == 0)
      } finally WorkerNets.close(own)
    }
  }
}
