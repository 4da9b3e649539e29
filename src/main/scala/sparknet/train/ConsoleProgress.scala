package sparknet.train

import java.util.{Map => JavaMap}

import scala.collection.JavaConverters._

/** One line on stderr that shows how far `fit` is, with loss and images per second; scores of tests
  * on lines of their own.
  */
final class ConsoleProgress(totalRounds: Int) extends TrainListener {
  private val width = 24
  private var done = 0
  private var shown = 0

  override def onRound(result: RoundResult): Unit = {
    done += 1
    val filled = (width.toLong * done / math.max(1, totalRounds)).toInt.min(width)
    val line = "[%s%s] round %d/%d  iteration %d  loss %.4f  %.0f images/s".format(
      "#" * filled,
      "." * (width - filled),
      done,
      totalRounds,
      result.iteration,
      result.loss,
      result.imagesPerSecond
    )
    System.err.print("\r" + line.padTo(shown, ' '))
    System.err.flush()
    shown = line.length
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
