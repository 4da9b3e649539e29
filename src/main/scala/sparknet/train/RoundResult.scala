package sparknet.train

import java.util.{Map => JavaMap}

import sparknet.data.BadRecords
import sparknet.jna.CaffeException

/** What a round of training did.
  *
  * @param round
  *   counted from 1 since the trainer was made
  * @param iteration
  *   the solver's counter once the round is averaged
  * @param loss
  *   mean over the images that the workers trained on
  * @param seconds
  *   from sending the weights to the end of the slowest worker
  * @param workers
  *   that took part, that is, whose partition is not empty
  * @param newNets
  *   workers that started without momentum: later than the first round these are replacements
  * @param executors
  *   where each worker trained
  * @param leftOut
  *   images that turned out to be unusable when they were to be trained on
  * @param lost
  *   workers whose executors were lost, whose part is not in it
  * @param statistics
  *   what each worker did and what took the time; the average is in it once that is done
  */
final case class RoundResult(
    round: Int,
    iteration: Int,
    loss: Float,
    images: Long,
    seconds: Double,
    workers: Int,
    newNets: Int,
    executors: Array[String],
    leftOut: BadRecords,
    lost: Array[Int],
    statistics: RoundStatistics = RoundStatistics.none
) {

  /** Workers that have no part in the mean, as far as that is known. */
  def allLost: Seq[Int] = (lost ++ statistics.lostBeforeMean).sorted.toSeq

  def imagesPerSecond: Double = images / math.max(seconds, 1e-9)
}

/** Told about training as it goes on; what it throws ends the run. */
trait TrainListener {

  /** Once, before anything is done.
    *
    * @param run
    *   which the listener may stop or change whenever it is told of something
    */
  def onStart(run: Fit): Unit = ()

  /** Before a step of [[Fit]]'s, which may take long: "broadcast", "train", "average", "test",
    * "snapshot" or "checkpoint".
    *
    * @param round
    *   rounds that are done
    */
  def onBegin(step: String, round: Int): Unit = ()

  /** After a round, whose average has become the weights. */
  def onRound(result: RoundResult): Unit = ()

  /** After a test: means by output name. */
  def onTest(iteration: Int, scores: JavaMap[String, java.lang.Float]): Unit = ()

  /** After a snapshot: paths of the caffemodel and the solverstate. */
  def onSnapshot(files: Array[String]): Unit = ()

  /** Once nothing is left to do. */
  def onEnd(): Unit = ()
}

/** A round or test that failed on a worker. The trainer's weights and counter are as before it. */
final class TrainingException(code: Int, codeName: String, message: String)
    extends CaffeException(code, codeName, message) {
  private[train] def this(failure: Failure) =
    this(failure.code, failure.codeName, failure.toString)
}
