package sparknet.train

import java.nio.ByteBuffer

import org.scalatest.BeforeAndAfterEach
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.{FloatMemory, SharedNumbers}

class WorkerNetsSpec extends AnyFlatSpec with BeforeAndAfterEach {
  private val model = new FakeModel
  private var last = Long.MaxValue / 2 // ids that no other test has
  private var id = 0L

  override def beforeEach(): Unit = {
    FakeModel.reset()
    last += 1
    id = last
  }

  override def afterEach(): Unit = WorkerNets.close(id)

  private val inMemory = Aside(Int.MaxValue, _ => throw new AssertionError)

  private def lease(
      worker: Int,
      capacity: Int,
      open: Set[Long] = Set(id),
      room: Aside = inMemory
  ): WorkerNets.Lease =
    WorkerNets.lease(id, open, worker, capacity, room)(model.newWorker(0, 1))

  "WorkerNets" should "never lend a net twice at a time" taggedAs Unit in {
    val leases = (0 until 3).map(lease(_, 1))
    assert(leases.map(_.net).distinct.length == 3)
    leases.foreach(_.end(usable = true))
    assert(WorkerNets.count(id) == 1) // no more than tasks run at a time
  }

  it should "lend a worker the net it had, and keep one for each slot" taggedAs Unit in {
    val nets = (0 until 2).map { worker =>
      val first = lease(worker, 2)
      assert(first.fresh)
      first.end(usable = true)
      first.net
    }
    assert(nets(0) ne nets(1))
    for (worker <- Seq(1, 0, 1)) {
      val again = lease(worker, 2)
      assert(!again.fresh && (again.net eq nets(worker)))
      again.end(usable = true)
    }
    val third = lease(2, 2) // more workers than slots: they take turns
    assert(third.fresh && (third.net eq nets(0)))
    third.end(usable = true)
  }

  private def historyOf(lease: WorkerNets.Lease): Array[Float] = {
    val values = new FloatMemory(lease.net.historyCount)
    lease.net.readHistory(values)
    try values.toArray
    finally values.close()
  }

  /** A round of a worker whose net adds `steps` to its momentum. */
  private def round(
      worker: Int,
      number: Int,
      steps: Float,
      capacity: Int,
      room: Aside = inMemory
  ): Boolean = {
    val taken = lease(worker, capacity, room = room)
    taken.begin(number, None)
    val history = historyOf(taken)
    history(0) += steps
    Closing.using(FloatMemory.of(history))(taken.net.writeHistory)
    taken.trained(number)
    taken.end(usable = true)
    taken.fresh
  }

  private def momentum(worker: Int) =
    WorkerNets.momentum(id, worker).map(m => (m.values.floats.get(0), m.round, m.whole))

  it should "keep the momentum of workers that take turns at one net" taggedAs Unit in {
    for (number <- 0 to 2; worker <- 0 to 2)
      assert(round(worker, number, worker + 1f, 1) == (number == 0))
    assert(FakeModel.made.get == 1)
    for (worker <- 0 to 2) assert(momentum(worker).contains((3 * (worker + 1f), 2, true)))
    // A second slot: its net goes on with what was put aside.
    val (first, second) = (lease(2, 2), lease(0, 2))
    assert(!first.fresh && !second.fresh && historyOf(second)(0) == 3f)
    Seq(first, second).foreach(_.end(usable = true))
    assert(FakeModel.made.get == 2 && momentum(1).contains((6f, 2, true)))
    WorkerNets.close(id)
    assert((0 to 2).forall(momentum(_).isEmpty))
  }

  it should "put momentum on disk that memory has no room for" taggedAs Unit in {
    for (most <- 0 to 2) {
      last += 1
      id = last
      val disk = new Disk
      val before = SharedNumbers.openBytes
      for (number <- 0 to 2; worker <- 0 to 3) {
        assert(round(worker, number, worker + 1f, 1, Aside(most, disk.spill)) == (number == 0))
        // The others' that is in memory.
        val waiting = if (number == 0) worker else 3
        assert(SharedNumbers.openBytes - before == 4L * 3 * math.min(most, waiting))
        assert(disk.files == waiting - math.min(most, waiting))
      }
      val found = (0 to 3).flatMap(WorkerNets.momentum(id, _))
      assert(found.map(_.values.floats.get(0)) == Seq(3f, 6f, 9f, 12f))
      assert(found.map(m => (m.round, m.whole)).toSet == Set((2, true)))
      assert(found.count(_.crowded) == 3 - most)
      found.filter(_.copied).foreach(_.values.close())
      WorkerNets.close(id)
      assert(disk.files == 0)
    }
  }

  it should "have a worker's momentum on disk once, also if it had two turns at a time" taggedAs Unit in {
    val disk = new Disk
    def lend(workers: Int*): Unit = {
      val leases = workers.map(lease(_, 2, room = Aside(0, disk.spill)))
      leases.foreach(_.end(usable = true))
    }
    lend(0, 0)
    lend(1, 2)
    assert(disk.files == 1)
    lend(0)
    assert(disk.files == 1) // of who had the net
    WorkerNets.close(id)
    assert(disk.files == 0)
  }

  it should "keep it where two tasks take turns for three workers at the same time" taggedAs Unit in {
    val pool = java.util.concurrent.Executors.newFixedThreadPool(2)
    try
      for (number <- 0 to 200) {
        // Who comes first differs, and so does the net that a worker finds.
        val tasks = Seq(Seq(0, 2), Seq(1)).map { own =>
          pool.submit(() => own.map(round(_, number, 1, 2)): Seq[Boolean])
        }
        assert(tasks.flatMap(_.get).forall(_ == (number == 0)), s"in round $number")
      }
    finally pool.shutdown()
    for (worker <- 0 to 2) assert(momentum(worker).contains((201f, 200, true)))
  }

  it should "know momentum that is not whole, or too old" taggedAs Unit in {
    round(0, 0, 1, 2)
    round(0, 1, 1, 2)
    assert(round(1, 1, 5, 2)) // worker 1 was elsewhere in round 0
    assert(momentum(0).contains((2f, 1, true)) && momentum(1).contains((5f, 1, false)))
    assert(!round(1, 1, 5, 2)) // a round that was dropped, again
    assert(momentum(1).contains((10f, 1, false)))
    assert(round(0, 4, 1, 2)) // elsewhere in rounds 2 and 3
    assert(momentum(0).contains((1f, 4, false)))
    val restored = lease(0, 2)
    restored.begin(5, Some(FloatMemory.of(Array(7f, 0f, 0f))))
    restored.trained(5)
    restored.end(usable = true)
    assert(momentum(0).contains((7f, 5, true)))
  }

  it should "not use a net again that failed" taggedAs Unit in {
    lease(0, 2).end(usable = false)
    assert(FakeModel.closed.get == 1)
    val next = lease(0, 2)
    assert(next.fresh)
    next.end(usable = true)
  }

  it should "not call a new net fresh that takes over momentum" taggedAs Unit in {
    val taken = lease(0, 1)
    taken.begin(3, Some(FloatMemory.of(Array(4f, 0f, 0f))))
    assert(!taken.fresh && historyOf(taken)(0) == 4f)
    taken.end(usable = true)
  }

  it should "close the nets of trainers that are gone" taggedAs Unit in {
    lease(0, 2).end(usable = true)
    val other = WorkerNets.lease(id + 1000, Set(id + 1000), 0, 2, inMemory)(model.newWorker(0, 1))
    assert(WorkerNets.count(id) == 0 && FakeModel.closed.get == 1)
    WorkerNets.close(id + 1000) // in use: goes when it comes back
    assert(FakeModel.closed.get == 1)
    other.end(usable = true)
    assert(FakeModel.closed.get == 2)
  }

  it should "not tell the momentum of a net in use" taggedAs Unit in {
    val own = lease(3, 2)
    own.begin(0, None)
    own.trained(0)
    assert(momentum(3).isEmpty)
    own.end(usable = true)
    assert(momentum(3).contains((0f, 0, true)) && momentum(4).isEmpty)
  }

  /** Where momentum goes, as long as it is wanted. */
  private final class Disk {
    var files = 0
    def spill(bytes: ByteBuffer): Spilled = new Spilled {
      private val kept = new Array[Byte](bytes.remaining)
      bytes.duplicate().get(kept)
      files += 1
      override def read(into: ByteBuffer): Unit = {
        into.put(kept)
        ()
      }
      override def close(): Unit = files -= 1
    }
  }
}
