package sparknet.io

import scala.collection.mutable

import org.slf4j.LoggerFactory

/** What SparkNet tells its user beside results and errors. It goes to the log of this JVM; or, if the
  * user's program is in another process, is kept until that asks for it, and is not logged: who sees
  * both must not read it twice.
  *
  * @param by
  *   whose words these are, which names the logger
  */
private[sparknet] class Notices(by: Class[_]) {
  private val log = LoggerFactory.getLogger(by)
  private val known = mutable.Set.empty[String]
  private var kept = Option.empty[mutable.Queue[(String, String)]]

  /** What concerns the result, or what there is to do about. */
  def warn(text: String): Unit = if (!keeps("WARNING", text)) log.warn(text)

  /** What is good to know. */
  def info(text: String): Unit = if (!keeps("INFO", text)) log.info(text)

  /** Says something the first time that it is called with a key. */
  def once(key: String)(say: => Unit): Unit =
    if (known.synchronized(known.add(key))) say

  /** From now on all is kept for [[take]]. */
  def keep(): Unit = synchronized { if (kept.isEmpty) kept = Some(mutable.Queue.empty) }

  /** What has been kept since the last call: level and text of each, levels as Python's logging names
    * them, with NUL between all values.
    */
  def take(): String = synchronized {
    kept.fold("")(_.dequeueAll(_ => true).flatMap { case (l, t) => Seq(l, t) }.mkString("\u0000"))
  }

  private def keeps(level: String, text: String): Boolean = synchronized {
    kept.foreach { queue =>
      queue += level -> text
      if (queue.length > Notices.most) queue.dequeue() // nobody has asked for long
    }
    kept.nonEmpty
  }
}

private object Notices {
  private val most = 1000
}
