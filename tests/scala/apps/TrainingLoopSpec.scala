package apps

import java.nio.file.Files

import scala.collection.JavaConverters._

import libs.SmallSolver
import org.apache.spark.rdd.RDD
import org.scalatest.flatspec.AnyFlatSpec
import sparknet.io.TrainingLog
import sparknet.jna.{CaffeException, LinearSoftmax}
import support._

class TrainingLoopSpec extends AnyFlatSpec {
  private lazy val sc = LocalSpark.context // two threads share the net of this JVM
  private val tau = 3

  /** Partitions with as many minibatches of LinearSoftmax's data. */
  private def minibatches(counts: Int*): RDD[TrainingLoop.Minibatch] =
    sc.parallelize(counts, counts.length)
      .flatMap(Seq.fill(_)((SmallSolver.images, SmallSolver.labels)))

  /** Runs rounds and returns the log's messages. */
  private def run(rounds: Int, train: RDD[TrainingLoop.Minibatch]): Seq[String] =
    Temporary.folder { folder =>
      val log = new TrainingLog(folder.toFile)
      val preprocessing = SmallSolver.preprocessing.get
      try
        new TrainingLoop(sc, log, SmallSolver.param, 2, tau)
          .run(rounds, train, preprocessing, minibatches(2, 0, 1), preprocessing)
      finally log.close()
      Files.readAllLines(log.file.toPath).asScala.toSeq.map(_.replaceFirst("^[^ :,]+", ""))
    }

  "A TrainingLoop" should "average what partitions come to, and test" taggedAs SparkTag in {
    // The same data everywhere: the average is what one net comes to. A partition has none.
    val log = run(11, minibatches(5, 0, 2))
    assert(
      log.take(2) == Seq(
        ": trainPartitionSizes = Array(5, 0, 2)",
        ": testPartitionSizes = Array(2, 0, 1)"
      )
    )
    val accuracies = log.filter(_.endsWith("% accuracy"))
    val (_, accuracy) = LinearSoftmax.tested(LinearSoftmax.trained(10 * tau))
    assert(accuracies.length == 2)
    assert(accuracies.last == f", i = 10: ${100 * accuracy}%.2f%% accuracy")
    val round =
      Seq("broadcasting weights", "setting weights on workers", "training", "collecting weights")
    assert(log.filter(_.startsWith(", i = 3: ")) == round.map(", i = 3: " + _))
    assert(log.last == ": finished training")
    val weights = WorkerNet(SmallSolver.param.toByteArray).getWeights().allWeights("ip")
    // The net has done the last round from the average of ten.
    Numbers.assertClose(weights.flatMap(_.toFlat()).toSeq, LinearSoftmax.trained(11 * tau))
  }

  it should "say that there is no data" taggedAs SparkTag in {
    val failure = intercept[CaffeException](run(1, minibatches(0, 0)))
    assert(failure.getMessage == "there is no full minibatch of train images")
  }
}
