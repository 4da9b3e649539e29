package sparknet.train

import java.nio.ByteBuffer

import org.apache.spark.sparknet.Place
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.data.Stock
import sparknet.jna.SharedNumbers

class HostSpec extends AnyFlatSpec {
  private val trainer = Long.MaxValue / 3 // that no other test has
  private val pieces = Pieces.of(3, 1)

  private object Nobody extends Memory {
    override val here: Place = Place("here", 1, "1")
    override def publish(name: String, bytes: ByteBuffer): Boolean = true
    override def withdraw(name: String): Unit = ()
    override def fetch(from: Published, piece: Int): Incoming = throw new AssertionError
  }

  private def newHost(): Host = {
    val room = Room(1, 1, 1, 1, 1)
    val model = new FakeModel
    val plan =
      HostPlan(trainer, Set(trainer), model, FakeModel.layout, 1, room, false, None, None)
    val nothing = (_: Int) => new Stock(Array.empty, _ => Iterator.empty)
    new Host(1, plan, Nobody, nothing, nothing, _ => false)
  }

  "A Host" should "free what it published of momentum when that is over" taggedAs Unit in {
    try {
      val host = newHost()
      for (worker <- 0 to 1) // they take turns at one net
        WorkerNets
          .lease(trainer, Set(trainer), worker, 1)(new FakeModel().newWorker(0, 1))
          .end(true)
      val before = SharedNumbers.openBytes
      for (i <- 0 until 3) {
        val Some(Exported(found)) = host.handle(Order(3L * i, Export(Seq(0, 1), pieces)))
        assert(found.map(_.worker) == Seq(0, 1))
        val terms = found.map(momentum => Term(momentum.vector, 1))
        val mean = host.handle(Order(3L * i + 1, Reduce(None, terms, pieces.all, alone = true)))
        assert(mean.exists(_.isInstanceOf[Shown]))
        assert(SharedNumbers.openBytes == before + 2 * 3 * 4) // a copy of the net's, and the mean
        host.handle(Order(3L * i + 2, Forget))
        assert(SharedNumbers.openBytes == before)
      }
      host.close()
    } finally WorkerNets.close(trainer)
  }
}
