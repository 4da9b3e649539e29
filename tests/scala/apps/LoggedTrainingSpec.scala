package apps

import java.nio.file.Files

import scala.collection.JavaConverters._

import libs.SmallSolver
import org.scalatest.flatspec.AnyFlatSpec

import sparknet.data.{Augmentation, Dataset}
import sparknet.io.TrainingLog
import sparknet.jna.LinearSoftmax
import support._

class LoggedTrainingSpec extends AnyFlatSpec {
  private lazy val sc = LocalSpark.context
  private val tau = 3

  /** LinearSoftmax's minibatch in as many partitions, with values that are bytes. */
  private def minibatches(partitions: Int): Dataset = {
    val items = LinearSoftmax.data.grouped(3).map(_.map(v => (v + 10).toByte)).toSeq
    val all = Seq.fill(partitions)(items.zip(SmallSolver.labels)).flatten
    Dataset.fromExamples(sc.parallelize(all, partitions), Array(3, 1, 1))
  }

  private def run(rounds: Int): Seq[String] = Temporary.folder { folder =>
    val log = new TrainingLog(folder.toFile)
    try {
      val training = new LoggedTraining(sc, log, SmallSolver.param, 2, tau)
      val (train, test) = (minibatches(2), minibatches(3))
      training.run(rounds, train, 4, test, 4, Augmentation.none)
    } finally log.close()
    Files.readAllLines(log.file.toPath).asScala.toSeq.map(_.replaceFirst("^[^ :,]+", ""))
  }

  "A LoggedTraining" should "average what workers come to, and test" taggedAs SparkTag in {
    val log = run(11)
    assert(
      log.take(7) == Seq(
        ": processing train data",
        ": numTrainMinibatches = 2",
        ": processing test data",
        ": numTestMinibatches = 3",
        ": computing mean image",
        ": trainPartitionSizes = Array(1, 1)",
        ": testPartitionSizes = Array(1, 1)"
      )
    )
    // The same minibatch everywhere: the average is what one net comes to.
    val means = (0 until 3).map(j => LinearSoftmax.data.grouped(3).map(_(j)).sum / 4)
    val centred = LinearSoftmax.data.zipWithIndex.map { case (v, i) => v - means(i % 3) }
    val weights = LinearSoftmax.trained(10 * tau, items = centred)
    val (_, accuracy) = LinearSoftmax.tested(weights, centred)
    val accuracies = log.filter(_.endsWith("% accuracy"))
    assert(accuracies.length == 2 && accuracies.head.startsWith(", i = 0: "))
    assert(accuracies.last == f", i = 10: ${100 * accuracy}%.2f%% accuracy")
    assert(accuracies.map(_.drop(6)).distinct.length == 2) // it has learnt
    val round = Seq("broadcasting weights", "training", "collecting weights")
    assert(log.filter(_.startsWith(", i = 3: ")) == round.map(", i = 3: " + _))
    assert(log.count(_.endsWith(": testing")) == 2)
    assert(log.last == ": finished training")
  }

  it should "not test after the last round" taggedAs SparkTag in {
    assert(run(10).count(_.endsWith("% accuracy")) == 1)
  }
}
