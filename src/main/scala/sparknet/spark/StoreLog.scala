package org.apache.spark.sparknet

import org.apache.logging.log4j.core.filter.AbstractFilter
import org.apache.logging.log4j.core.{Filter, LogEvent, Logger}
import org.apache.logging.log4j.{Level, LogManager}
import org.apache.spark.storage.BlockId
import org.apache.spark.storage.memory.MemoryStore

/** Keeps Spark's log from having a line for all that we publish: several a round and executor, which
  * would be most of what an executor ever logs, and take it longer than publishing does.
  */
private[sparknet] object StoreLog {

  /** What Spark says of other blocks, and warnings, stay. May be called again, and has to be if logging
    * was set up anew.
    *
    * @param start
    *   how the names of the blocks in question begin
    */
  def hide(start: BlockId): Unit =
    try
      LogManager.getLogger(classOf[MemoryStore].getName) match {
        case logger: Logger if !isDone(logger) => logger.addFilter(new Hiding(s"Block $start"))
        case _                                 => () // or it is another back end than Spark's own
      }
    catch { case _: LinkageError => () } // logging was replaced altogether

  private def isDone(logger: Logger): Boolean = {
    val filters = logger.getFilters
    var done = false
    while (filters.hasNext) done |= filters.next().isInstanceOf[Hiding]
    done
  }

  private final class Hiding(start: String)
      extends AbstractFilter(Filter.Result.DENY, Filter.Result.NEUTRAL) {
    override def filter(event: LogEvent): Filter.Result =
      if (
        event.getLevel.isLessSpecificThan(Level.INFO) &&
        event.getMessage.getFormattedMessage.startsWith(start)
      ) onMatch
      else onMismatch
  }
}
