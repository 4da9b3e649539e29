package sparknet.data

import java.io.ObjectOutputStream

import scala.reflect.ClassTag

import org.apache.spark.rdd.RDD
import org.apache.spark.scheduler.{SparkListener, SparkListenerStageCompleted, SparkListenerTaskEnd}
import org.apache.spark.{SparkConf, SparkContext, TaskContext}
import org.slf4j.LoggerFactory

import sparknet.jna.{CaffeException, Status}

/** Leaves bad records out of an RDD, counts them, and warns in the driver's log of what was left out,
  * at the end of each stage that read something new. When their share is above
  * `spark.sparknet.maxBadShare`, jobs that need the RDD fail with the list.
  *
  * The share is judged when all partitions have been read, or enough records that it means something.
  */
final class BadRecordLog private (who: String, partitions: Int, maxShare: Double)
    extends Serializable {
  private val counts = new RecordCounts.Accumulator

  /** The good records of partition `index`. */
  private def good[A](index: Int, records: Iterator[Either[BadRecord, A]]): Iterator[A] = {
    var read = 0L
    var bad = BadRecords.empty
    var complete = false
    val task = TaskContext.get()
    // At the task's end, because it may stop before the records do.
    task.addTaskCompletionListener[Unit] { _ =>
      if (read > 0 || complete) counts.add(index -> RecordCounts.Part(read, bad, complete))
    }
    val noted = new Iterator[Either[BadRecord, A]] {
      override def hasNext: Boolean = {
        val more = records.hasNext
        if (!more) complete = true
        more
      }
      override def next(): Either[BadRecord, A] = {
        val record = records.next()
        read += 1
        record.left.foreach(bad += _)
        record
      }
    }
    noted.collect { case Right(record) => record }
  }

  private def refusal: Option[CaffeException] = {
    val found = counts.value
    val known = found.complete >= partitions || found.read >= BadRecordLog.enough
    if (known && found.bad.total > maxShare * found.read)
      Some(
        new CaffeException(
          Status.IO,
          s"$who: $found; that is more than ${BadRecordLog.maxShareKey} = $maxShare allows"
        )
      )
    else None
  }

  /** Spark serialises a stage's functions on the driver each time that it submits the stage, and an
    * exception here fails the job: the one place that a job cannot get round.
    */
  private def writeObject(out: ObjectOutputStream): Unit = {
    if (TaskContext.get() == null) refusal.foreach(e => throw e)
    out.defaultWriteObject()
  }

  private final class Reporter(sc: SparkContext) extends SparkListener {
    private var shown = ""

    override def onStageCompleted(event: SparkListenerStageCompleted): Unit = {
      val found = counts.value
      val line = s"$who: $found"
      if (event.stageInfo.accumulables.contains(counts.id) && !found.bad.isEmpty && line != shown) {
        shown = line
        BadRecordLog.logger.warn(line)
      }
    }

    // A long stage need not end to be stopped.
    override def onTaskEnd(event: SparkListenerTaskEnd): Unit =
      if (event.taskInfo != null && event.taskInfo.accumulables.exists(_.id == counts.id))
        refusal
          .filterNot(_ => sc.isStopped)
          .foreach(e => sc.cancelStage(event.stageId, e.getMessage))
  }

  private def register(sc: SparkContext): Unit = {
    sc.register(counts, s"$who: records")
    sc.addSparkListener(new Reporter(sc))
  }
}

object BadRecordLog {

  /** The largest share of bad records that is gone on with, 0 to 1; 0.1 by default. */
  val maxShareKey = "spark.sparknet.maxBadShare"

  private val logger = LoggerFactory.getLogger(classOf[BadRecordLog])

  /** So many records tell the share of all. */
  private val enough = 1000

  /** The good records of an RDD.
    *
    * @param who
    *   what reads them, for messages
    */
  def without[A: ClassTag](records: RDD[Either[BadRecord, A]], who: String): RDD[A] = {
    val sc = records.sparkContext
    val log = new BadRecordLog(who, records.getNumPartitions, maxShare(sc.getConf))
    log.register(sc)
    records
      .mapPartitionsWithIndex((index, items) => log.good(index, items))
      .setName(s"$who: good records")
  }

  /** The share that is configured. */
  def maxShare(conf: SparkConf): Double = {
    val text = conf.get(maxShareKey, Dataset.defaultMaxBadShare.toString)
    val share =
      try text.toDouble
      catch { case _: NumberFormatException => Double.NaN }
    if (!(share >= 0 && share <= 1))
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"$maxShareKey is '$text', not a number from 0 to 1"
      )
    share
  }
}
