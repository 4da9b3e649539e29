package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class HeapNeedsSpec extends AnyFlatSpec {
  private def mb(n: Int): Long = n.toLong << 20

  private def refusal(floats: Long, driver: Int, executor: Option[Int], tasks: Int = 1): String =
    try {
      HeapNeeds(floats).check(vectors = 2, tasks, mb(driver), executor.map(mb))
      ""
    } catch {
      case e: CaffeException =>
        assert(e.getCodeName == "OUT_OF_MEMORY")
        e.getMessage
    }

  // What Spark itself did with these heaps, two workers or more in two executors.
  "HeapNeeds" should "refuse heaps that were seen to be too small" taggedAs Unit in {
    for ((floats, driver) <- Seq((61000000L, 1500), (61000000L, 2250), (25500000L, 1024)))
      assert(refusal(floats, driver, Some(8192)).startsWith("spark.driver.memory is too small"))
    assert(refusal(61000000, 8192, Some(1280)).startsWith("spark.executor.memory is too small"))
    assert(refusal(61000000, 8192, Some(1900), 2).startsWith("spark.executor.memory is too small"))
  }

  it should "take heaps that were seen to do" taggedAs Unit in {
    assert(refusal(61000000, 2600, Some(1536)) == "")
    assert(refusal(61000000, 2600, Some(2304), 2) == "")
    assert(refusal(36000000, 2048, Some(1024)) == "")
    assert(refusal(7000000, 1024, Some(1024)) == "") // GoogLeNet in a Spark that nobody configured
  }

  it should "count all in one JVM in local mode, and say how much would do" taggedAs Unit in {
    assert(refusal(61000000, 2600, None).startsWith("spark.driver.memory"))
    assert(refusal(61000000, 4096, None) == "")
    val told = refusal(61000000, 1024, Some(8192))
    assert(told.contains("61.0 million weights") && told.contains("there are 1024 MB"))
    val enough = """set it to (\d+)m""".r.findFirstMatchIn(told).get.group(1).toInt
    assert(refusal(61000000, enough, Some(8192)) == "")
    assert(refusal(61000000, enough - 200, Some(8192)) != "")
  }
}
