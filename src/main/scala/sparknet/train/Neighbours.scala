package sparknet.train

import scala.collection.mutable

import org.apache.spark.scheduler._

/** Watches whether other jobs of the application wait for slots.
  *
  * @param trainer
  *   whose own jobs do not count
  */
private[train] final class Neighbours(trainer: Long, time: Time) extends SparkListener {
  // Tasks of each stage that have not started; some have been given up with their stage.
  private val waiting = mutable.Map.empty[(Int, Int), Int]
  private var since = Option.empty[Double]
  private var eventAt = time.now

  /** Whether they have waited for longer than it takes to start a task. */
  def others: Boolean = synchronized(since.exists(time.now - _ > Neighbours.patience))

  /** Seconds since a task of anyone's started or ended, or an executor came or went. */
  def quiet: Double = synchronized(time.now - eventAt)

  override def onStageSubmitted(event: SparkListenerStageSubmitted): Unit = {
    val by = Option(event.properties).map(_.getProperty(Jobs.trainerKey)).orNull
    if (by != trainer.toString) change { waiting(id(event.stageInfo)) = event.stageInfo.numTasks }
  }

  override def onTaskStart(event: SparkListenerTaskStart): Unit = change {
    val stage = (event.stageId, event.stageAttemptId)
    waiting.get(stage).foreach(n => waiting(stage) = math.max(0, n - 1))
  }

  override def onTaskEnd(event: SparkListenerTaskEnd): Unit = change(())

  override def onStageCompleted(event: SparkListenerStageCompleted): Unit = change {
    waiting.remove(id(event.stageInfo))
    ()
  }

  override def onExecutorAdded(event: SparkListenerExecutorAdded): Unit = change(())

  override def onExecutorRemoved(event: SparkListenerExecutorRemoved): Unit = change(())

  private def change(body: => Unit): Unit = synchronized {
    body
    eventAt = time.now
    if (!waiting.values.exists(_ > 0)) since = None
    else if (since.isEmpty) since = Some(time.now)
  }

  private def id(stage: StageInfo) = (stage.stageId, stage.attemptNumber())
}

private[train] object Neighbours {
  private val patience = 0.2
}
