package apps

import java.io.File

import org.apache.spark.{SparkConf, SparkContext}

import sparknet.io.TrainingLog
import sparknet.jna.CaffeException
import sparknet.spark.BuiltFor

/** What the apps' `main`s have in common: arguments, a Spark context, a log, one line for an error.
  */
private[apps] abstract class AppMain(name: String) {

  /** How the app is called, in a line or more. */
  protected def usage: String

  /** Reads the arguments, all of them, and returns what is then to be done. */
  protected def app(arguments: AppArguments): (SparkContext, TrainingLog) => Unit

  def main(args: Array[String]): Unit = {
    try BuiltFor.check()
    catch { case e: CaffeException => stop(e.getMessage) }
    val body =
      try app(new AppArguments(args))
      catch { case e: IllegalArgumentException => stop(s"${e.getMessage}\nusage: $usage") }
    val sc = new SparkContext(new SparkConf().setAppName(name))
    // Of what a container of YARN's has written its logs are kept.
    val log = new TrainingLog(
      new File(sys.props.getOrElse("spark.yarn.app.container.log.dir", "."))
    )
    // Exit only when Spark has stopped: its own shutdown under way looks like lost executors.
    val failure =
      try {
        body(sc, log)
        None
      } catch { case e: CaffeException => Some(e.getMessage) }
      finally {
        log.close()
        sc.stop()
      }
    failure.foreach(stop)
  }

  private def stop(message: String): Nothing = {
    System.err.println(message)
    sys.exit(1)
  }
}
