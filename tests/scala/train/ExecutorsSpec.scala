package sparknet.train

import java.nio.file.{Files, Paths}
import java.util.concurrent.atomic.AtomicInteger

import org.apache.spark.SparkConf
import org.scalatest.flatspec.AnyFlatSpec
import support._

class ExecutorsSpec extends AnyFlatSpec {
  private lazy val executors = new Executors(LocalSpark.context)

  "Executors" should "know that in local mode the driver does the work" taggedAs SparkTag in {
    assert(executors.live.isEmpty)
    assert(executors.slots == 2 && executors.taskCpus == 1)
    assert(executors.allSlots == 2 && executors.awaitedSlots(100) == 2)
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

  it should "know how many executors Spark asks for" taggedAs Unit in {
    def asked(master: String, settings: (String, String)*) =
      Executors.askedOf(new SparkConf(false).set("spark.master", master).setAll(settings))
    val five = "spark.executor.instances" -> "5"
    assert(asked("spark://host:7077").isEmpty && asked("spark://host:7077", five).contains(5))
    for (master <- Seq("yarn", "k8s://https://host"))
      assert(asked(master).contains(2) && asked(master, five).contains(5))
  }

  it should "know what Spark asks for beside a heap where there are containers" taggedAs Unit in {
    def megabytes(master: String, role: String, heap: Int, settings: (String, String)*) = {
      val conf = new SparkConf(false).set("spark.master", master).setAll(settings)
      val container = Executors.containerOf(conf.set(s"spark.$role.memory", s"${heap}m"), role)
      assert(container.forall(_.heap == heap.toLong << 20))
      container.map(_.overhead >> 20)
    }
    val cluster = "spark.executor.memoryOverheadFactor" -> "0.25"
    val programs = "spark.kubernetes.memoryOverheadFactor" -> "0.4"
    assert(megabytes("local-cluster[2,1,1024]", "executor", 1024).isEmpty)
    assert(megabytes("spark://host:7077", "driver", 1024).isEmpty)
    for (master <- Seq("yarn", "k8s://https://host"); role <- Seq("executor", "driver")) {
      assert(megabytes(master, role, 1024).contains(384))
      assert(megabytes(master, role, 10000).contains(1000))
      assert(megabytes(master, role, 10000, s"spark.$role.memoryOverhead" -> "2g").contains(2048))
      assert(megabytes(master, role, 10000, s"spark.$role.memoryOverhead" -> "600").contains(600))
    }
    assert(megabytes("yarn", "executor", 10000, cluster, programs).contains(2500))
    assert(megabytes("yarn", "driver", 10000, cluster, programs).contains(1000))
    assert(megabytes("k8s://host", "executor", 10000, cluster, programs).contains(2500))
    assert(megabytes("k8s://host", "driver", 10000, cluster, programs).contains(4000))
  }
}

class ExecutorsOnClusterSpec extends AnyFlatSpec with OnCluster {
  private lazy val executors = new Executors(sc)

  "Executors of their own" should "be known by name, with their slots" taggedAs SparkTag in {
    assert(executors.live.length == 2 && executors.live.distinct == executors.live)
    assert(executors.slots == 1 && executors.allSlots == 2 && executors.cores == 1)
    assert(executors.live.forall(_.startsWith("executor_")))
    assert(executors.awaitedSlots(100) == 2) // they are there
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
