package sparknet.data

import java.io.{IOException, UncheckedIOException}
import java.util.concurrent.TimeoutException

import scala.util.control.NonFatal

import sparknet.jna.{CaffeException, Status}

/** What makes a whole data set unusable and is its user's to mend: wrong data, or a function that failed.
  * It is a result: a task that threw would be run again and again, and fail in the same way.
  */
private[data] final case class Fault(status: Status, message: String) {
  def thrown: CaffeException = new CaffeException(status, message)
}

private[data] object Fault {

  def ofData(what: String): Fault = Fault(Status.INVALID_ARGUMENT, s"bad data: $what")

  /** Blocks up to where what makes them fails; that is the last block's fault. Failures that are Spark's
    * or a storage's are thrown on.
    */
  def caught(shape: Array[Int], blocks: Iterator[Block]): Iterator[Block] = new Iterator[Block] {
    private var failed = Option.empty[Fault]
    private var ended = false

    override def hasNext: Boolean = !ended && (failed.nonEmpty || (
      try blocks.hasNext
      catch {
        case NonFatal(thrown) =>
          failed = Some(of(thrown))
          true
      }
    ))

    override def next(): Block = {
      if (!hasNext) Iterator.empty.next()
      val block =
        if (failed.nonEmpty) None
        else
          try Some(blocks.next())
          catch {
            case NonFatal(thrown) =>
              failed = Some(of(thrown))
              None
          }
      ended = failed.nonEmpty
      block.getOrElse(Block.faulty(shape, failed.get))
    }
  }

  private def of(thrown: Throwable): Fault = {
    TaskThread.stopIfKilled()
    if (SparkFailure.in(thrown).isPresent || isOfStorage(thrown)) throw thrown
    thrown match {
      case e: CaffeException                     => Fault(Status.of(e.getCode), e.getMessage)
      case other if SparkFailure.isPython(other) => inPython(other)
      case other                                 =>
        val place = other.getStackTrace.headOption.fold("")(frame => s" (at $frame)")
        Fault(Status.CALLBACK, s"$other$place")
    }
  }

  private def isOfStorage(thrown: Throwable): Boolean =
    Iterator.iterate(thrown)(_.getCause).take(depth).takeWhile(_ != null).exists {
      case _: IOException | _: UncheckedIOException | _: TimeoutException => true
      case _                                                              => false
    }

  /** The last line that is not indented says what was raised. */
  private def inPython(thrown: Throwable): Fault = {
    val lines = thrown.getMessage.linesIterator.filterNot(l => l.isEmpty || l.head.isWhitespace)
    val raised = lines.foldLeft("no message")((_, line) => line)
    if (ofStorage.findPrefixOf(raised).nonEmpty) throw thrown
    Fault(Status.CALLBACK, s"a Python function on an executor failed: $raised")
  }

  private val depth = 20 // causes may form a ring

  /** What Python's own input and output raise. */
  private val ofStorage =
    """(OSError|IOError|EOFError|MemoryError|TimeoutError|BrokenPipeError|Connection\w*Error|socket\.\w+)\b""".r
}
