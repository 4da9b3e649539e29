package apps

// Two tasks of one JVM on the net of its singleton: each sets its data, trains and tests, as the
// original's apps do it, without a thought of the other one. The driver compares with its own net.

import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit

import org.apache.spark.SparkContext
import org.apache.spark.SparkConf

import libs._

object TwoTasksApp {
  val batchSize = 4
  val steps = 20

  System.load("@SPARKNET_HOME@" + "/build/libccaffe.so")
  val netParameter = NetParam("two",
    RDDLayer("data", shape = List(batchSize, 3, 1, 1), None),
    RDDLayer("label", shape = List(batchSize, 1), None),
    InnerProductLayer("ip1", List("data"), numOutput = 2),
    SoftmaxWithLoss("loss", List("ip1", "label"))
  )
  val solverParameter = caffe.Caffe.SolverParameter.newBuilder()
    .setBaseLr(0.1F).setLrPolicy("fixed").addTestIter(1).setTestInterval(1000000)
    .setNetParam(netParameter).build()
  val net = CaffeNet(solverParameter)

  val bothRun = new CountDownLatch(2)
  var trained = 0

  /** Minibatches of a task: one colour, and the task's number as label. */
  def minibatches(task: Int, n: Int): Iterator[(Array[ByteImage], Array[Int])] =
    Iterator.fill(n)((
      Array.fill(batchSize)(new ByteImage(Array.fill[Byte](3)((100 * (task + 1)).toByte), 1, 1)),
      Array.fill(batchSize)(task)
    ))

  /** What the task's callbacks saw of others' images, when it trained, and its test's loss. */
  def work(task: Int): (Int, Int, Int, Float) = {
    var strange = 0
    val preprocess = (im: ByteImage, buffer: Array[Float]) => {
      im.cropInto(buffer, Array(0, 0), Array(1, 1))
      if (buffer(0) != 100F * (task + 1)) strange += 1
      var i = 0
      while (i < buffer.length) {
        buffer(i) = buffer(i) / 100F
        i += 1
      }
    }
    net.setTrainData(new MinibatchSampler(minibatches(task, steps), steps, steps), Some(preprocess))
    for (_ <- 1 to steps) net.train(1)
    trained += 1
    val order = trained
    net.setTestData(new MinibatchSampler(minibatches(task, 1), 1, 1), 1, Some(preprocess))
    (task, strange, order, net.test()(0))
  }

  def flat(weights: WeightCollection): List[Float] =
    weights.layerNames.flatMap(name => weights.allWeights(name).flatMap(_.toFlat()))

  def main(args: Array[String]) {
    val sc = new SparkContext(new SparkConf().setAppName("TwoTasks"))
    val results = sc.parallelize(Array(0, 1), 2).map(task => {
      bothRun.countDown()
      assert(bothRun.await(60, TimeUnit.SECONDS))
      work(task)
    }).collect().sortBy(_._3)
    val found = sc.parallelize(Array(0), 1).map(_ => flat(net.getWeights())).first()
    val strange = results.map(_._2).sum
    val orders = results.map(_._3).toList
    println("strange images: " + strange + ", orders: " + orders)

    // In local mode the driver's net is that of the tasks.
    net.setWeights({
      val zero = net.getWeights()
      zero.scalarDivide(Float.PositiveInfinity)
      zero
    })
    val losses = results.map(result => work(result._1)._4)
    println("losses equal: " + results.map(_._4).sameElements(losses))
    println("weights equal: " + (found == flat(net.getWeights())))
    println("weights move: " + found.exists(math.abs(_) > 0.1F))
    sc.stop()
  }
}
