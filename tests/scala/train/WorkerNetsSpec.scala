package sparknet.train

import org.scalatest.BeforeAndAfterEach
import org.scalatest.flatspec.AnyFlatSpec
import support._

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

  private def lease(worker: Int, capacity: Int, open: Set[Long] = Set(id)): WorkerNets.Lease =
    WorkerNets.lease(id, open, worker, capacity)(model.newWorker(0, 1))

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
    assert(!third.fresh && (third.net eq nets(0)))
    third.end(usable = true)
  }

  it should "not use a net again that failed" taggedAs Unit in {
    lease(0, 2).end(usable = false)
    assert(FakeModel.closed.get == 1)
    val next = lease(0, 2)
    assert(next.fresh)
    next.end(usable = true)
  }

  it should "close the nets of trainers that are gone" taggedAs Unit in {
    lease(0, 2).end(usable = true)
    val other = WorkerNets.lease(id + 1000, Set(id + 1000), 0, 2)(model.newWorker(0, 1))
    assert(WorkerNets.count(id) == 0 && FakeModel.closed.get == 1)
    WorkerNets.close(id + 1000) // in use: goes when it comes back
    assert(FakeModel.closed.get == 1)
    other.end(usable = true)
    assert(FakeModel.closed.get == 2)
  }

  it should "find the net that a worker had last" taggedAs Unit in {
    val own = lease(3, 2)
    assert(WorkerNets.find(id, 3).isEmpty) // in use
    own.end(usable = true)
    val found = WorkerNets.find(id, 3)
    assert(found.exists(_.net eq own.net) && WorkerNets.find(id, 4).isEmpty)
    found.foreach(_.end(usable = true))
  }
}
