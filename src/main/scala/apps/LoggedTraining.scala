package apps

import java.util.{Map => JavaMap}

import caffe.Caffe.SolverParameter
import org.apache.spark.SparkContext

import sparknet.data.{Augmentation, Dataset, MeanSubtraction, Preprocessing}
import sparknet.io.TrainingLog
import sparknet.train.{ConsoleProgress, FitPlan, TrainListener, Trainer}

/** Training as the apps do it: tests in round 0 and every tenth from there, before the round; what goes
  * on is in the log, and rounds and tests are on the terminal.
  *
  * @param tau
  *   steps of each worker in a round
  */
private[apps] final class LoggedTraining(
    sc: SparkContext,
    log: TrainingLog,
    solver: SolverParameter,
    workers: Int,
    tau: Int
) {
  import LoggedTraining._

  /** Counts the items, which has them read, and logs how many minibatches they are.
    *
    * @param name
    *   "train" or "test"
    */
  private def count(name: String, data: Dataset, batch: Int): Unit = {
    log(s"processing $name data")
    log(s"num${name.capitalize}Minibatches = ${data.count() / batch}")
  }

  /** Trains on items less their mean, from which parts are cut, or all is taken. */
  def run(
      rounds: Int,
      train: Dataset,
      trainBatch: Int,
      test: Dataset,
      testBatch: Int,
      augmentation: Augmentation
  ): Unit = {
    count("train", train, trainBatch)
    count("test", test, testBatch)
    log("computing mean image")
    val subtractMean: Preprocessing = new MeanSubtraction(train.mean())
    val trainer = new Trainer(sc, solver, workers)
    try {
      trainer.setTrainData(train, subtractMean, augmentation)
      trainer.setTestData(test, subtractMean, augmentation)
      logSizes("train", trainer.trainPortions, trainBatch)
      logSizes("test", trainer.testPortions, testBatch)
      val plan = FitPlan(tau, rounds, tests = FitPlan.before(testPeriod))
      trainer.fit(plan, new Told, new ConsoleProgress(rounds)).run()
    } finally trainer.close()
    log("finished training")
  }

  /** Minibatches that each worker's items are. */
  private def logSizes(name: String, items: Array[Long], batch: Int): Unit =
    log(s"${name}PartitionSizes = ${items.map(_ / batch).mkString("Array(", ", ", ")")}")

  private final class Told extends TrainListener {
    private var i = 0

    override def onBegin(step: String, round: Int): Unit = {
      i = round
      log(messages(step), i)
    }

    override def onTest(iteration: Int, scores: JavaMap[String, java.lang.Float]): Unit =
      log(f"${100 * scores.values.iterator.next()}%.2f%% accuracy", i) // the net's first output
  }
}

private object LoggedTraining {
  private val testPeriod = 10

  private val messages = Map(
    "broadcast" -> "broadcasting weights",
    "test" -> "testing",
    "train" -> "training",
    "average" -> "collecting weights"
  )
}
