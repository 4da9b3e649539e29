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
  private val members = new Members(cluster, RealTime, waitSeconds = 0, retries = 1)
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
}
