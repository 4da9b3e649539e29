package sparknet.train

import scala.collection.mutable

import org.apache.spark.sparknet.Place
import org.scalatest.flatspec.AnyFlatSpec
import support._

class MembersSpec extends AnyFlatSpec {

  /** Two tasks run, on executors of which some have been lost. */
  private final class Cluster extends Recruiter {
    val lost = mutable.Set.empty[String]
    override def recruit(): Unit = ()
    override def asked: Int = 2
    override def failure(): Option[(Int, Throwable)] = None
    override def isAlive(executor: String): Boolean = !lost(executor)
    override def isLeaving(executor: String): Boolean = false
    override def othersWait: Boolean = false
    override def quiet: (Double, String) = (0, "")
    override def dismiss(): Unit = ()
  }

  private val cluster = new Cluster
  private object Watch extends MembersWatch {
    var noted = Vector.empty[(Long, String)]
    override def joined(member: Member): Unit = noted :+= member.id -> "joined"
    override def left(member: Member, how: String): Unit = noted :+= member.id -> how
  }
  private val members = new Members(cluster, RealTime, waitSeconds = 0, retries = 1, Watch)
  private val told = mutable.Map.empty[Long, Seq[ToHost]].withDefaultValue(Nil)

  private def join(host: Long, slot: Int, executor: String): Unit =
    members.joined(
      Joined(host, slot, executor, Place("host", 1, executor)),
      message => told(host) :+= message
    )

  private def there = members.idle.map(_.id)

  "Members" should "refuse a second attempt of a task whose first one is a host" taggedAs Unit in {
    join(1, 0, "a")
    join(2, 1, "b")
    join(3, 0, "c")
    assert(there == Seq(1, 2))
    assert(told(3) == Seq(Refused) && told(1).isEmpty)
  }

  it should "take it once the executor of the first one is lost" taggedAs Unit in {
    cluster.lost += "a"
    join(4, 0, "c")
    assert(there == Seq(4, 2))
    assert(told(4).isEmpty)
  }

  it should "tell who comes and goes, and how" taggedAs Unit in {
    // Of those before: the third was refused, and so never came.
    val before = Seq(1L -> "joined", 2L -> "joined", 1L -> "lost", 4L -> "joined")
    assert(Watch.noted == before)
    members.gone(2, "lost")
    members.gone(2)
    members.gone(99)
    join(5, 1, "d")
    members.dismiss(members.idle.find(_.id == 5).get)
    join(6, 1, "d")
    members.dismiss()
    members.gone(6)
    val after = Seq(2L -> "lost", 5L -> "joined", 5L -> "sent away", 6L -> "joined")
    val back = Seq(4L -> "slot given back", 6L -> "slot given back")
    assert(Watch.noted.drop(4) == after ++ back)
  }

  it should "sum up what orders have taken a host" taggedAs Unit in {
    join(7, 0, "e")
    join(8, 1, "f")
    val orders = members.idle.map(_ -> Forget)
    def numbers = Seq(7L, 8L).map(told(_).collect { case Order(n, _) => n }.last)
    def report(host: Long, order: Long, seconds: Double) =
      members.reported(Reported(host, order, Done, seconds))
    for (_ <- 1 to 2) {
      val reporting = new Thread(() => {
        while (members.idle.nonEmpty) Thread.sleep(1)
        for ((host, n) <- Seq(7L, 8L).zip(numbers)) {
          report(host, n - 1, 100) // of another order
          report(host, n, host / 4.0)
          report(host, n, 100) // once more
        }
      })
      reporting.start()
      members.carryOut(orders)(_ => false)
      reporting.join()
    }
    assert(members.seconds == Map(7L -> 3.5, 8L -> 4.0))
  }
}
