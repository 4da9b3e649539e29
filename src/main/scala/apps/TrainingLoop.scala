package apps

import caffe.Caffe.SolverParameter
import libs.{ByteImage, MinibatchSampler, WeightCollection}
import org.apache.spark.SparkContext
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.rdd.RDD

import sparknet.io.TrainingLog
import sparknet.jna.{CaffeException, Status}

/** Rounds of training: in each partition some iterations on minibatches of its own, from the same
  * weights; the driver averages what they come to.
  *
  * @param workers
  *   number of tasks that bring weights to executors
  * @param tau
  *   iterations a round
  */
private[apps] final class TrainingLoop(
    sc: SparkContext,
    log: TrainingLog,
    solverParameter: SolverParameter,
    workers: Int,
    tau: Int
) {
  import TrainingLoop._

  private val solver = solverParameter.toByteArray

  /** Trains; tests in round 0 and every tenth from there. A partition without a minibatch has no
    * part in either.
    */
  def run(
      rounds: Int,
      trainMinibatches: RDD[Minibatch],
      trainPreprocessing: Preprocessing,
      testMinibatches: RDD[Minibatch],
      testPreprocessing: Preprocessing
  ): Unit = {
    val trainPartitionSizes = sizes("train", trainMinibatches)
    val testPartitionSizes = sizes("test", testMinibatches)
    val numTestMinibatches = testPartitionSizes.sum()
    var netWeights = WorkerNet(solver).getWeights()
    for (i <- 0 until rounds) {
      log("broadcasting weights", i)
      val weights = sc.broadcast(netWeights)
      log("setting weights on workers", i)
      sc.parallelize(0 until workers, workers).foreach(setting(solver, weights))
      if (i % testPeriod == 0) {
        log("testing", i)
        val scores = testMinibatches
          .zipPartitions(testPartitionSizes)(testing(solver, weights, testPreprocessing))
          .reduce((a, b) => a.zip(b).map { case (x, y) => x + y })
        log(f"${100 * scores(0) / numTestMinibatches}%.2f%% accuracy", i)
      }
      log("training", i)
      val trained = trainMinibatches
        .zipPartitions(trainPartitionSizes)(training(solver, weights, trainPreprocessing, tau))
        .persist()
      val contributions = trained.count()
      log("collecting weights", i)
      netWeights = trained.reduce(WeightCollection.add(_, _))
      netWeights.scalarDivide(1f * contributions)
      trained.unpersist()
      weights.destroy()
    }
    log("finished training")
  }

  private def sizes(name: String, minibatches: RDD[Minibatch]): RDD[Int] = {
    val sizes = minibatches.mapPartitions(partition => Iterator(partition.size)).persist()
    val all = sizes.collect()
    log(s"${name}PartitionSizes = ${all.mkString("Array(", ", ", ")")}")
    if (all.forall(_ == 0))
      throw new CaffeException(Status.STATE, s"there is no full minibatch of ${name} images")
    sizes
  }
}

private[apps] object TrainingLoop {
  type Minibatch = (Array[ByteImage], Array[Int])
  type Preprocessing = (ByteImage, Array[Float]) => Unit

  private val testPeriod = 10

  // Tasks set the weights themselves: Spark may run one where the weights were not brought.
  // These are functions of their own, so that no closure takes the loop along.

  private def setting(solver: Array[Byte], weights: Broadcast[WeightCollection]): Int => Unit =
    _ => WorkerNet(solver).setWeights(weights.value)

  private def training(
      solver: Array[Byte],
      weights: Broadcast[WeightCollection],
      preprocessing: Preprocessing,
      tau: Int
  ): (Iterator[Minibatch], Iterator[Int]) => Iterator[WeightCollection] =
    (minibatches, sizes) =>
      sizes.filter(_ > 0).map { size =>
        val net = WorkerNet(solver)
        net.setWeights(weights.value)
        net.setTrainData(new MinibatchSampler(minibatches, size, tau), Some(preprocessing))
        net.train(tau)
        net.getWeights()
      }

  private def testing(
      solver: Array[Byte],
      weights: Broadcast[WeightCollection],
      preprocessing: Preprocessing
  ): (Iterator[Minibatch], Iterator[Int]) => Iterator[Array[Float]] =
    (minibatches, sizes) =>
      sizes.filter(_ > 0).map { size =>
        val net = WorkerNet(solver)
        net.setWeights(weights.value)
        net.setTestData(new MinibatchSampler(minibatches, size, size), size, Some(preprocessing))
        net.test()
      }
}
