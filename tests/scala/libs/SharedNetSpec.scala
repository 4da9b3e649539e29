package libs

import java.util.concurrent.{CountDownLatch, TimeUnit}

import org.apache.spark.{SparkException, TaskContext}
import org.scalatest.flatspec.AnyFlatSpec
import support._

/** One net per JVM, as apps have it. */
object SharedNet {
  @volatile var net: CaffeNet = _
  @volatile var bothRun: CountDownLatch = _

  /** Images of one colour for each task, with labels of its own. */
  def minibatch(task: Int): (Array[ByteImage], Array[Int]) =
    (
      Array.tabulate(4)(i =>
        new ByteImage(Array.fill[Byte](3)((40 * (task + 1) + i).toByte), 1, 1)
      ),
      Array.fill(4)(task)
    )

  def sampler(task: Int, length: Int): MinibatchSampler =
    new MinibatchSampler(Iterator.fill(length)(minibatch(task)), length, length)

  /** A step's images, as preprocessing sees them, and the values it writes. */
  def watch(task: Int): ((ByteImage, Array[Float]) => Unit, () => Boolean) = {
    var others = 0
    val context = TaskContext.get()
    val preprocessing = (image: ByteImage, buffer: Array[Float]) => {
      image.cropInto(buffer, Array(0, 0), Array(1, 1))
      val own = buffer.forall(v => v >= 40 * (task + 1) && v < 40 * (task + 1) + 4)
      if (!own || !(TaskContext.get() eq context)) others += 1 // whatever the thread
      for (i <- buffer.indices) buffer(i) = buffer(i) / 100
    }
    (preprocessing, () => others == 0)
  }

  /** What a task of an app does: its data, then training, then a test. */
  def work(task: Int): (Boolean, Seq[Float]) = {
    val (preprocessing, onlyOwn) = watch(task)
    bothRun.countDown()
    assert(bothRun.await(60, TimeUnit.SECONDS), "the tasks do not run at the same time")
    net.setTrainData(sampler(task, 20), Some(preprocessing))
    for (_ <- 1 to 20) net.train(1)
    net.setTestData(sampler(task, 2), 2, Some(preprocessing))
    (onlyOwn(), net.test().toSeq)
  }

  def flat: Seq[Float] = {
    val weights = net.getWeights()
    weights.layerNames.flatMap(weights.allWeights(_)).flatMap(_.toFlat())
  }
}

class SharedNetSpec extends AnyFlatSpec {
  private def withNet[A](tasksAtOnce: Int)(test: => A): A = {
    SharedNet.bothRun = new CountDownLatch(tasksAtOnce)
    SharedNet.net = CaffeNet(SmallSolver.param)
    Closing.using(SharedNet.net)(_ => test)
  }

  "Tasks that share a net" should "do together what they do one after the other" taggedAs
    SparkTag in {
      val sc = LocalSpark.context // two threads
      val results = withNet(tasksAtOnce = 2) {
        val tasks = sc
          .parallelize(0 until 2, 2)
          .map(task => (task, SharedNet.work(task), System.nanoTime))
          .collect()
          .sortBy(_._3)
        (tasks.map { case (task, result, _) => task -> result }.toSeq, SharedNet.flat)
      }
      val (tasks, weights) = results
      assert(tasks.forall { case (_, (onlyOwn, _)) => onlyOwn })
      val order = tasks.map(_._1)
      val alone = withNet(tasksAtOnce = 1) {
        (order.map(task => task -> SharedNet.work(task)), SharedNet.flat)
      }
      assert(alone == ((tasks, weights)))
      // The order counts: without the lease the assertion above would say nothing.
      val reverse = withNet(tasksAtOnce = 1) {
        order.reverse.foreach(SharedNet.work)
        SharedNet.flat
      }
      assert(reverse != weights)
    }

  it should "go on after one of them has failed" taggedAs SparkTag in withNet(tasksAtOnce = 1) {
    val sc = LocalSpark.context
    val failure = intercept[SparkException] {
      sc.parallelize(0 until 2, 2).foreach { task =>
        if (task == 0) SharedNet.work(task)
        else {
          SharedNet.net.setTrainData(SharedNet.sampler(task, 1))
          SharedNet.net.train(2)
        }
      }
    }
    assert(failure.getMessage.contains("more minibatches are asked for"))
    assert(SharedNet.work(0)._1)
  }
}
