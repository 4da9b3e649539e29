package support

import java.util.concurrent.ConcurrentLinkedQueue

import scala.collection.JavaConverters._

import org.apache.logging.log4j.core.appender.AbstractAppender
import org.apache.logging.log4j.core.config.{LoggerConfig, Property}
import org.apache.logging.log4j.core.{LogEvent, LoggerContext}
import org.apache.logging.log4j.{Level, LogManager}

/** What classes log while a test does something. Spark sets logging up anew when it first starts: the
  * test's context has to be there before.
  */
object Logged {
  final case class Line(level: String, logger: String, text: String)

  /** @param body
    *   gets what tells the lines there are so far
    */
  def by[A](classes: Class[_]*)(body: (() => Seq[Line]) => A): A = {
    val lines = new ConcurrentLinkedQueue[Line]
    val appender = new AbstractAppender("of a test", null, null, true, Property.EMPTY_ARRAY) {
      override def append(event: LogEvent): Unit = {
        val text = event.getMessage.getFormattedMessage
        lines.add(Line(event.getLevel.name, event.getLoggerName, text))
        ()
      }
    }
    appender.start()
    val context = LogManager.getContext(false).asInstanceOf[LoggerContext]
    val config = context.getConfiguration
    val names = classes.map(_.getName)
    val before = names.flatMap(name => Option(config.getLoggers.get(name)))
    for (name <- names) {
      config.removeLogger(name)
      val own = new LoggerConfig(name, Level.ALL, true)
      own.addAppender(appender, Level.ALL, null)
      config.addLogger(name, own)
    }
    context.updateLoggers()
    try body(() => lines.asScala.toSeq)
    finally {
      names.foreach(config.removeLogger)
      before.foreach(own => config.addLogger(own.getName, own))
      context.updateLoggers()
      appender.stop()
    }
  }
}
