package sparknet.io

import scala.util.Try

import org.apache.spark.SparkException
import org.apache.spark.api.java.JavaSparkContext
import org.scalatest.flatspec.AnyFlatSpec
import support._

class EndedJobsSpec extends AnyFlatSpec {
  private lazy val sc = LocalSpark.context

  /** A job that takes a minute, unless it is ended. */
  private def work(tag: String): Unit = {
    sc.addJobTag(tag)
    try sc.parallelize(1 to 600, 2).foreach(_ => Thread.sleep(200))
    finally sc.removeJobTag(tag)
  }

  private def ends(body: => Unit): Unit = {
    val failure = intercept[SparkException](body)
    assert(failure.getMessage.contains("cancelled"))
  }

  "Ended jobs" should "end before they have begun" taggedAs SparkTag in {
    EndedJobs.end(new JavaSparkContext(sc), "one")
    ends(work("one"))
  }

  it should "end while they run, and leave others alone" taggedAs SparkTag in {
    val running = new Thread(() => { Try(work("two")); () })
    running.start()
    while (sc.statusTracker.getActiveJobIds().isEmpty) Thread.sleep(20)
    EndedJobs.end(new JavaSparkContext(sc), "three")
    Thread.sleep(100)
    assert(running.isAlive)
    EndedJobs.end(new JavaSparkContext(sc), "two")
    running.join(30000)
    assert(!running.isAlive)
    assert(sc.parallelize(1 to 3, 2).sum() == 6)
  }
}
