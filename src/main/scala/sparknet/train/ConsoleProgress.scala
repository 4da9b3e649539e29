package sparknet.train

import java.util.{Map => JavaMap}

import scala.collection.JavaConverters._

/** Shows on stderr how far `fit` is, with loss and images per second, and scores of tests.
  *
  * @param terminal
  *   whether somebody looks: rounds are one line, which is drawn anew. In a log each has its own.
  */
final class ConsoleProgress(totalRounds: Int, terminal: Boolean = System.console != null)
    extends TrainListener {
  private val width = 24
  private var done = 0
  private var shown = 0

  override def onRound(result: RoundResult): Unit = {
    done += 1
    val line = "round %d/%d  iteration %d  loss %.4f  %.0f images/s".format(
      done,
      totalRounds,
      result.iteration,
      result.loss,
      result.imagesPerSecond
    )
    if (terminal) draw(line) else System.err.println(line)
  }

  private def draw(line: String): Unit = {
    val filled = (width.toLong * done / math.max(1, totalRounds)).toInt.min(width)
    val bar = s"[${"#" * filled}${"." * (width - filled)}] $line"
    System.err.print("\r" + bar.padTo(shown, ' '))
    System.err.flush()
    shown = bar.length
    if (done >= totalRounds) endLine()
  }

  override def onTest(iteration: Int, scores: JavaMap[String, java.lang.Float]): Unit =
    say(
      s"iteration $iteration: " + scores.asScala.map { case (k, v) => f"$k $v%.4f" }.mkString(", ")
    )

  override def onSnapshot(files: Array[String]): Unit = say(s"saved ${files.mkString(", ")}")

  private def say(message: String): Unit = {
    endLine()
    System.err.println(message)
  }

  private def endLine(): Unit = if (shown > 0) {
    System.err.println()
    shown = 0
  }
}
