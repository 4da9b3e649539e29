package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class MemoryNeedsSpec extends AnyFlatSpec {
  private def mb(n: Int): Long = n.toLong << 20

  private def refusal(check: => Unit): String =
    try {
      check
      ""
    } catch {
      case e: CaffeException =>
        assert(e.getCodeName == "OUT_OF_MEMORY")
        e.getMessage
    }

  private def heaps(floats: Long, driver: Int, executor: Option[Int], tasks: Int = 1): String =
    refusal(MemoryNeeds(floats, floats, 1000).checkHeaps(tasks, mb(driver), executor.map(mb)))

  "MemoryNeeds" should "take the heaps of a Spark that nobody configured" taggedAs Unit in {
    assert(heaps(61000000, 1024, Some(1024)) == "")
    assert(heaps(61000000, 1024, None) == "")
    for (tasks <- 1 to 8) assert(heaps(1000000, 512, Some(512), tasks) == "")
  }

  it should "refuse heaps that are too small, and say how much would do" taggedAs Unit in {
    assert(heaps(61000000, 512, Some(4096)).startsWith("spark.driver.memory is too small"))
    val told = heaps(61000000, 1024, Some(1024), tasks = 2)
    assert(told.startsWith("spark.executor.memory is too small"))
    assert(told.contains("61.0 million weights") && told.contains("there are 1024 MB"))
    val enough = """set it to (\d+)m""".r.findFirstMatchIn(told).get.group(1).toInt
    assert(heaps(61000000, 1024, Some(enough), 2) == "")
    assert(heaps(61000000, 1024, Some(enough - 200), 2) != "")
  }

  it should "know what a container needs beside the heap" taggedAs Unit in {
    // Weights and gradients, momentum, blobs and theirs, and two more of the weights: 4 bytes each.
    val needs = MemoryNeeds(1 << 20, 1 << 20, 1 << 20)
    assert(needs.overhead(1) == mb(384 + 4 * (2 + 1 + 2 + 2)))
    assert(needs.overhead(3) - needs.overhead(2) == mb(4 * 7))
    assert(refusal(needs.checkContainer(1, mb(412))) == "")
    assert(refusal(needs.checkContainer(1, mb(411))).startsWith("spark.executor.memoryOverhead is"))
  }
}
