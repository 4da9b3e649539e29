package sparknet.train

import java.io.IOException

import scala.util.control.NonFatal

import org.apache.spark.SparkEnv

import sparknet.data.{SparkFailure, TaskThread}
import sparknet.jna.{CaffeException, Status}

/** What went wrong on a worker: a result like any other to Spark, which would run a task that throws
  * again and again although the same data fails in the same way.
  */
private[train] final case class Failure(
    code: Int,
    codeName: String,
    what: String,
    worker: Int,
    executor: String
) {
  override def toString: String =
    if (worker < 0) s"executor $executor failed $what"
    else s"worker $worker (executor $executor) failed $what"
}

private[train] object Failure {

  /** Runs what depends on the user's net, data and functions; `doing` tells how far it has come.
    * Spark's own failures are thrown on as they are.
    */
  def caught[T](worker: Int, doing: => String)(body: => T): Either[Failure, T] =
    try Right(body)
    catch {
      case NonFatal(thrown) =>
        TaskThread.stopIfKilled()
        SparkFailure.in(thrown).ifPresent(own => throw own)
        Left(of(worker, doing, thrown))
    }

  def executor: String = Option(SparkEnv.get).fold("none")(_.executorId)

  /** What concerns no single worker. */
  def ofExecutor(e: CaffeException): Failure =
    Failure(e.getCode, e.getCodeName, s"in a round: ${e.getMessage}", -1, executor)

  /** What Spark is to mend: a storage, or another executor, that did not give what it should have. */
  def ofLoss(thrown: Throwable): Failure = {
    val status = if (thrown.isInstanceOf[IOException]) Status.IO else Status.STATE
    val why = Option(thrown.getMessage).getOrElse(thrown.toString)
    Failure(status.code, status.name, s"in a round: $why", -1, executor)
  }

  /** What an executor has not got. */
  def ofMissing(what: String, executor: String): Failure =
    Failure(Status.STATE.code, Status.STATE.name, s"in a round: $what", -1, executor)

  private def of(worker: Int, doing: String, thrown: Throwable): Failure = thrown match {
    // The engine only knows that its callback failed; what the callback threw says why.
    case outer: CaffeException if outer.getCode == Status.CALLBACK.code && outer.getCause != null =>
      of(worker, doing, outer.getCause)
    case e: CaffeException =>
      Failure(e.getCode, e.getCodeName, s"$doing: ${e.getMessage}", worker, executor)
    case other =>
      val place = other.getStackTrace.headOption.fold("")(frame => s" (at $frame)")
      val callback = Status.CALLBACK
      Failure(callback.code, callback.name, s"$doing: $other$place", worker, executor)
  }
}
