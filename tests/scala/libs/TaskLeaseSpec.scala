package libs

import java.lang.invoke.{MethodHandles, MethodType}
import java.net.{URL, URLClassLoader}
import java.nio.file.Paths
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.{ConcurrentLinkedQueue, CountDownLatch, TimeUnit}

import scala.collection.JavaConverters._
import scala.concurrent.Await
import scala.concurrent.duration._

import org.apache.spark.{SparkException, TaskContext}
import org.scalatest.flatspec.AnyFlatSpec
import support._

/** What tasks leave for the test to see: a driver and its tasks are one JVM here. */
object TaskLeaseSpec {
  final class Case(leases: Int) {
    val lease: IndexedSeq[TaskLease] = IndexedSeq.fill(leases)(new TaskLease(new Object))
    val events = new ConcurrentLinkedQueue[String]
    val latches: IndexedSeq[CountDownLatch] = IndexedSeq.fill(3)(new CountDownLatch(1))
    val inside = new AtomicInteger
    val owner = new Object
    val ownedLease = new TaskLease(owner)

    def log(event: String): Unit = { events.add(event); () }
    def seen: Seq[String] = events.asScala.toSeq
    def await(latch: Int): Unit =
      assert(latches(latch).await(60, TimeUnit.SECONDS), s"latch $latch")

    /** Waits without taking notice of interrupts, as native code does. */
    def hold(latch: Int): Unit =
      while (latches(latch).getCount > 0)
        try await(latch)
        catch { case _: InterruptedException => () }

    def open(latch: Int): Unit = latches(latch).countDown()
  }

  @volatile var now: Case = _
}

class TaskLeaseSpec extends AnyFlatSpec {
  import TaskLeaseSpec._

  private lazy val sc = LocalSpark.context // two threads

  private def withCase(leases: Int = 1)(test: => Any): Unit = {
    now = new Case(leases)
    test
    ()
  }

  /** Runs tasks 0 and 1 at a time. */
  private def tasks(body: Int => Unit): Unit =
    sc.parallelize(0 until 2, 2).foreachPartition(part => body(part.next()))

  private def until(condition: => Boolean): Unit = {
    val end = System.nanoTime + 60000000000L
    while (!condition) {
      assert(System.nanoTime < end, now.seen)
      Thread.sleep(5)
    }
  }

  "A TaskLease" should "keep the calls of a task together" taggedAs SparkTag in withCase() {
    tasks { task =>
      if (task == 1) now.await(0)
      for (call <- 1 to 3) now.lease(0) {
        assert(now.inside.incrementAndGet() == 1)
        now.log(s"task $task call $call")
        now.open(0)
        Thread.sleep(20) // time for the other one to come in between
        now.inside.decrementAndGet()
      }
    }
    val calls = (1 to 3).map(call => s"call $call")
    assert(now.seen == calls.map("task 0 " + _) ++ calls.map("task 1 " + _))
  }

  it should "come back from a task that fails" taggedAs SparkTag in withCase() {
    val failure = intercept[SparkException](tasks { task =>
      if (task == 1) { now.await(0); now.lease(0)(now.log("second")) }
      else now.lease(0) { now.open(0); throw new ArithmeticException("overflow") }
    })
    assert(failure.getMessage.contains("overflow"))
    now.lease(0)(now.log("driver"))
    assert(now.seen.contains("driver"))
  }

  it should "let Spark kill a task that waits, with and without an interrupt" taggedAs
    SparkTag in {
      for (interrupt <- Seq(true, false)) withCase() {
        val job = new Thread(() => {
          sc.setJobGroup("waits", "a task that waits for a lease", interruptOnCancel = interrupt)
          intercept[SparkException](tasks { task =>
            TaskContext.get().addTaskCompletionListener[Unit](_ => now.log(s"end of $task"))
            if (task == 0) now.lease(0) { now.open(0); now.hold(2) }
            else { now.await(0); now.open(1); now.lease(0)(now.log("not to be")) }
          })
          ()
        })
        job.start()
        now.await(1)
        Thread.sleep(100) // so that the task waits, most likely
        sc.cancelJobGroup("waits")
        until(now.seen == Seq("end of 1"))
        now.open(2)
        until(now.seen == Seq("end of 1", "end of 0"))
        job.join()
      }
    }

  it should "name the remedy when two tasks wait for each other's net" taggedAs SparkTag in
    withCase(leases = 2) {
      val failure = intercept[SparkException](tasks { task =>
        now.lease(task)(now.open(task))
        now.await(1 - task)
        now.lease(1 - task)(now.log(s"task $task"))
      })
      assert(failure.getMessage.contains("each have a CaffeNet that the other one waits for"))
      assert(failure.getMessage.contains("spark.task.cpus = spark.executor.cores"))
    }

  it should "name the remedy when tasks of a barrier stage share a net" taggedAs SparkTag in
    withCase() {
      val failure = intercept[SparkException] {
        sc.parallelize(0 until 2, 2)
          .barrier()
          .mapPartitions { part =>
            now.lease(0)(now.log("in"))
            org.apache.spark.BarrierTaskContext.get().barrier()
            part
          }
          .count()
      }
      assert(failure.getMessage.contains("barrier stage share a CaffeNet"))
    }

  it should "let the driver wait for tasks, and tasks for the driver's call" taggedAs SparkTag in
    withCase() {
      val job = sc.parallelize(Seq(0), 1).foreachAsync { _ =>
        now.lease(0)(now.log("task 1"))
        now.open(0)
        now.await(1)
        now.lease(0)(now.log("task 2"))
      }
      now.await(0)
      val driver = new Thread(() => now.lease(0)(now.log("driver")))
      driver.start()
      until(driver.getState == Thread.State.TIMED_WAITING)
      now.open(1)
      Await.result(job, 1.minute)
      driver.join()
      assert(now.seen == Seq("task 1", "task 2", "driver"))
    }

  it should "keep blocks of owner.synchronized together" taggedAs SparkTag in withCase() {
    val job = now.owner.synchronized {
      val job = sc.parallelize(0 until 2, 2).foreachAsync { task =>
        now.open(0)
        now.owner.synchronized { // as older apps have it; the wait is inside the block
          now.ownedLease(now.log(s"task $task"))
          Thread.sleep(20)
          now.ownedLease(now.log(s"task $task"))
        }
      }
      now.await(0)
      for (_ <- 1 to 2) {
        Thread.sleep(50)
        now.ownedLease(now.log("driver"))
      }
      job
    }
    Await.result(job, 1.minute)
    assert(now.seen.take(2) == Seq("driver", "driver"))
    val order = now.seen.drop(2)
    assert(order.distinct.length == 2 && order == order.distinct.flatMap(task => Seq(task, task)))
  }

  it should "let a callback call the net within its call" taggedAs SparkTag in withCase() {
    tasks(task => now.lease(0)(now.lease(0)(now.log(s"task $task"))))
    now.lease(0)(now.lease(0)(now.log("driver")))
    assert(now.seen.sorted == Seq("driver", "task 0", "task 1"))
  }

  it should "serve what a task's listeners call at its end" taggedAs SparkTag in withCase() {
    sc.parallelize(Seq(0), 1).foreach { _ =>
      // Listeners are run last one first: one has the lease still, the other no more.
      TaskContext.get().addTaskCompletionListener[Unit](_ => now.lease(0)(now.log("after")))
      now.lease(0)(now.log("call"))
      TaskContext.get().addTaskCompletionListener[Unit](_ => now.lease(0)(now.log("before")))
    }
    assert(now.seen == Seq("call", "before", "after"))
  }

  it should "need no Spark" taggedAs Unit in {
    val path = System.getProperty("java.class.path").split(java.io.File.pathSeparator)
    val urls = path.filterNot(_.contains("org/apache/spark")).map(Paths.get(_).toUri.toURL: URL)
    Closing.using(new URLClassLoader(urls, ClassLoader.getPlatformClassLoader)) { loader =>
      assertThrows[ClassNotFoundException](loader.loadClass("org.apache.spark.TaskContext"))
      val lease = loader.loadClass("libs.TaskLease")
      val one = lease.getConstructor(classOf[Object]).newInstance(new Object)
      val call = loader.loadClass("scala.Function0")
      // Reflection on the class itself would look at private methods' signatures.
      val kind = MethodType.methodType(classOf[Object], call)
      val apply = MethodHandles.publicLookup().findVirtual(lease, "apply", kind)
      val result = java.lang.reflect.Proxy
        .newProxyInstance(loader, Array(call), (_, _, _) => Integer.valueOf(7))
      val seven: Any = apply.invokeWithArguments(one.asInstanceOf[Object], result)
      assert(seven == 7)
    }
  }
}
