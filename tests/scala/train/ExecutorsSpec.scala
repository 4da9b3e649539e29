package sparknet.train

import java.util.concurrent.atomic.AtomicInteger

import org.scalatest.flatspec.AnyFlatSpec
import support._

class ExecutorsSpec extends AnyFlatSpec {
  private lazy val executors = new Executors(LocalSpark.context)

  "Executors" should "know that in local mode the driver does the work" taggedAs SparkTag in {
    assert(executors.live.isEmpty)
    assert(executors.slots == 2 && executors.taskCpus == 1)
    executors.await(100, 100) // has nobody to wait for
    ExecutorsSpec.calls.set(0)
    executors.onEach(() => { ExecutorsSpec.calls.incrementAndGet(); () })
    assert(ExecutorsSpec.calls.get == 1)
  }

  it should "find who holds a cached partition" taggedAs SparkTag in {
    val rdd = LocalSpark.context.parallelize(1 to 3, 3).persist()
    assert(executors.holding(rdd).forall(_.isEmpty))
    rdd.count()
    assert(executors.holding(rdd).forall(_.nonEmpty))
    rdd.unpersist(blocking = true)
    assert(executors.holding(rdd).forall(_.isEmpty))
  }
}

object ExecutorsSpec {
  val calls = new AtomicInteger
}
