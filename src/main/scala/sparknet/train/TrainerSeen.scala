package sparknet.train

import java.util.{WeakHashMap, Map => JavaMap}

import scala.collection.JavaConverters._
import scala.util.control.NonFatal

import org.apache.spark.SparkContext
import org.apache.spark.sparknet.ui.Tab
import org.slf4j.LoggerFactory

import sparknet.data.BadRecords
import sparknet.seen.{DataSeen, Pages, Times, TrainingSeen, Trainings, TurnSeen}

/** Notes what a trainer does for who looks at it in Spark's UI. */
private[train] final class TrainerSeen(training: TrainingSeen) extends MembersWatch {

  /** Takes what is told to the user. A function that holds no trainer, whose forgetting is noticed. */
  val noticed: String => Unit = text => training.noticed(text)

  /** While `body` runs this is what the trainer does. */
  def during[T](what: String)(body: => T): T = training.during(what)(body)

  /** A round whose average is there. */
  def round(result: RoundResult): Unit = training.round(
    result.round,
    result.iteration,
    result.loss,
    result.seconds,
    result.statistics.turns.map { turn =>
      val times = Times(turn.compute, turn.feed, turn.exchange, turn.waiting)
      TurnSeen(turn.worker, turn.executor, 1, turn.images, times)
    },
    result.leftOut
  )

  def tested(iteration: Int, scores: JavaMap[String, java.lang.Float], leftOut: BadRecords): Unit =
    training.tested(
      iteration,
      scores.asScala.toSeq.map { case (name, mean) => name -> mean.toDouble },
      leftOut
    )

  /** @param use
    *   "training" or "test"
    */
  def taken(use: String, data: WorkerData): Unit =
    training.taken(DataSeen(use, data.count, data.leftOut))

  override def joined(member: Member): Unit =
    training.joined(member.id, member.place.executor, member.place.host)

  override def left(member: Member, how: String): Unit = training.left(member.id, how)

  def end(): Unit = training.end()
}

private[train] object TrainerSeen {
  private val log = LoggerFactory.getLogger(classOf[Trainer])
  private val all = new WeakHashMap[SparkContext, Trainings]

  /** Of a trainer that begins; the first one of an application brings the tab. */
  def of(sc: SparkContext, id: Long, name: String, workers: Int): TrainerSeen = {
    val trainings = all.synchronized {
      Option(all.get(sc)).getOrElse {
        val made = new Trainings
        all.put(sc, made)
        attach(sc, made)
        made
      }
    }
    val training = new TrainingSeen(id, name, workers)
    trainings.add(training)
    new TrainerSeen(training)
  }

  /** Training does not depend on it: the UI is Spark's own and may change. */
  private def attach(sc: SparkContext, trainings: Trainings): Unit =
    try Tab.attach(sc, Pages.tab, "SparkNet", Pages.of(trainings))
    catch {
      case e @ (NonFatal(_) | _: LinkageError) =>
        log.warn(s"there is no SparkNet tab in Spark's UI: $e")
    }
}
