package sparknet.train

import java.nio.file.{Files, Paths}
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

class ExecutorsOnClusterSpec extends AnyFlatSpec with OnCluster {
  private lazy val executors = new Executors(sc)

  "Executors of their own" should "be known by name, with their slots" taggedAs SparkTag in {
    assert(executors.live.length == 2 && executors.live.distinct == executors.live)
    assert(executors.slots == 1 && executors.allSlots == 2 && executors.cores == 1)
    assert(executors.live.forall(_.startsWith("executor_")))
    executors.await(2, 100) // they are there
  }

  it should "each run a function once" taggedAs SparkTag in Temporary.folder { folder =>
    val place = folder.toString
    executors.onEach { () =>
      Files.createTempFile(Paths.get(place), ProcessHandle.current.pid.toString, "")
      ()
    }
    val processes = folder.toFile.list
    assert(
      processes.length == 2 && !processes.exists(_.startsWith(s"${ProcessHandle.current.pid}"))
    )
  }

  it should "be found by what they hold, where it was asked for" taggedAs SparkTag in {
    val live = executors.live
    val rdd = sc.makeRDD(Seq(1, 0, 1).map(i => (i, Seq(live(i))))).persist()
    assert(executors.holding(rdd).forall(_.isEmpty))
    rdd.count()
    assert(executors.holding(rdd) == Seq(1, 0, 1).map(i => Some(live(i))))
    rdd.unpersist(blocking = true)
    assert(executors.holding(rdd).forall(_.isEmpty))
  }
}

object ExecutorsSpec {
  val calls = new AtomicInteger
}
