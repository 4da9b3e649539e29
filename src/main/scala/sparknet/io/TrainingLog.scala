package sparknet.io

import java.io.{File, PrintWriter}

/** The log of a training app: lines `<seconds>: <message>` or `<seconds>, i = <round>: <message>`,
  * seconds since its start, in `training_log_<start in ms>.txt`; on disk as soon as written.
  */
final class TrainingLog(folder: File) extends AutoCloseable {
  private val start = System.currentTimeMillis
  val file = new File(folder, s"training_log_$start.txt")
  private val out = new PrintWriter(file, "UTF-8")

  def apply(message: String): Unit = write(s": $message")

  def apply(message: String, round: Int): Unit = write(s", i = $round: $message")

  override def close(): Unit = out.close()

  private def write(rest: String): Unit = {
    out.println(s"${(System.currentTimeMillis - start) / 1000f}$rest")
    out.flush()
  }
}
