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

  /** Whom nobody asks for anything. */
  private object Nobody extends Memory {
    var published: Map[String, Int] = Map.empty // bytes by name
    override val here: Place = Place("here", 1, "1")
    override def publish(name: String, bytes: ByteBuffer): Boolean = {
      published += name -> bytes.remaining
      true
    }
    override def withdraw(name: String): Unit = published -= name
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
}
