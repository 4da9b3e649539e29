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

  private def heaps(
      floats: Long,
      driver: Int,
      executor: Option[Int],
      tasks: Int = 1,
      turns: Int = 1
  ): String = refusal(
    MemoryNeeds(floats, floats, 1000)
      .checkHeaps(tasks, tasks * turns, mb(driver), executor.map(mb))
  )

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

  it should "count what every worker that has a turn publishes" taggedAs Unit in {
    // In 0.6 of what is left beside 300 MB: the weights of each, and for each host half of the mean.
    val weights = 61000000 * 4.0 / 1024 / 1024
    def enough(tasks: Int, workers: Int) = 300 + (weights * (workers + 0.5 * tasks) / 0.6).toInt
    for ((tasks, turns) <- Seq((1, 1), (1, 3), (2, 4))) {
      val heap = enough(tasks, tasks * turns)
      assert(heaps(61000000, 1024, Some(heap + 5), tasks, turns) == "")
      assert(heaps(61000000, 1024, Some(heap - 5), tasks, turns) != "")
    }
    // Adam's history is twice the weights, and published for a checkpoint.
    val adam = MemoryNeeds(61000000, 122000000, 1000)
    assert(adam.executor(1, 2) == MemoryNeeds(122000000, 0, 0).executor(1, 2))
  }

  it should "know what a container needs beside the heap" taggedAs Unit in {
    val needs = MemoryNeeds(1 << 20, 1 << 20, 1 << 20)
    val heap = mb(3000)
    // The JVM and its heap's tables; a vector on its way. Weights and gradients, blobs and theirs,
    // momentum, and an eighth of that; the host's weights, its copy of the momentum and half of a mean; and what the worker
    // has come to: 4 bytes each.
    assert(needs.overhead(1, 1, heap) == mb(240 + 100 + 4 + 4 * 5 + 4 * 2 + 2 + 4) + mb(4 * 5) / 8)
    assert(needs.overhead(3, 3, heap) - needs.overhead(2, 2, heap) == mb(4 * 8 + 2) + mb(4 * 5) / 8)
    // One more that takes turns has what it has come to, and its momentum.
    assert(needs.overhead(2, 3, heap) - needs.overhead(2, 2, heap) == mb(4 * 2))
    // The driver: weights, momentum, two copies of the weights, and what a file takes.
    assert(needs.driverOverhead(heap) == mb(240 + 100 + 4 + 4 * 5))
    // Only so much is on its way at a time.
    assert(MemoryNeeds(1 << 26, 0, 0).driverOverhead(heap) == mb(240 + 100 + 96 + 4 * 64 * 4))
  }

  it should "tell for how many workers a container has memory" taggedAs Unit in {
    for (
      needs <- Seq(MemoryNeeds(1 << 20, 1 << 20, 1 << 20), MemoryNeeds(61000000, 61000000, 1000))
    )
      for (tasks <- 1 to 3; workers <- tasks to 8) {
        def held(beside: Long) = needs.held(tasks, Container(mb(3000), beside))
        val enough = needs.overhead(tasks, workers, mb(3000))
        assert(held(enough) == workers && held(enough - 1) == math.max(tasks, workers - 1))
      }
    assert(MemoryNeeds(0, 0, 1).held(2, Container(0, Long.MaxValue)) == Int.MaxValue)
  }

  it should "take the containers of a Spark that nobody configured" taggedAs Unit in {
    val usual = Some(Container(mb(1024), mb(384)))
    assert(
      refusal(MemoryNeeds(1000000, 1000000, 1000000).checkContainers(1, 1, usual, usual)) == ""
    )
  }

  it should "refuse containers that are too small" taggedAs Unit in {
    val needs = MemoryNeeds(1 << 20, 1 << 20, 1 << 20)
    def told(driver: Option[Int], executor: Option[Int]) = refusal {
      def container(beside: Option[Int]) = beside.map(size => Container(mb(3000), mb(size)))
      needs.checkContainers(1, 1, container(driver), container(executor))
    }
    assert(told(Some(364), Some(381)) == "" && told(None, None) == "")
    assert(told(Some(364), Some(380)).startsWith("spark.executor.memoryOverhead is too small"))
    assert(told(Some(363), Some(381)).startsWith("spark.driver.memoryOverhead is too small"))
  }
}
