package sparknet.train

import java.io.{ByteArrayOutputStream, PrintStream}
import java.util.Collections

import org.scalatest.flatspec.AnyFlatSpec

import sparknet.data.BadRecords
import support._

class ConsoleProgressSpec extends AnyFlatSpec {

  private def shown(body: => Unit): String = {
    val (before, bytes) = (System.err, new ByteArrayOutputStream)
    System.setErr(new PrintStream(bytes, true))
    try body
    finally System.setErr(before)
    bytes.toString
  }

  private def round(n: Int): RoundResult =
    RoundResult(
      n,
      10 * n,
      1.5f / n,
      2000,
      2.0,
      2,
      0,
      Array("0", "1"),
      BadRecords.empty,
      Array.empty
    )

  "ConsoleProgress" should "keep one line up to date" taggedAs Unit in {
    val text = shown {
      val progress = new ConsoleProgress(2, terminal = true)
      progress.onRound(round(1))
      progress.onRound(round(2))
    }
    val Array(empty, first, second) = text.split('\r')
    assert(empty.isEmpty && !first.contains('\n') && second.endsWith("\n"))
    assert(
      first.contains(
        "############............] round 1/2  iteration 10  loss 1.5000  1000 images/s"
      )
    )
    assert(second.contains("[########################] round 2/2"))
  }

  it should "give each round a line where nobody looks" taggedAs Unit in {
    val text = shown {
      val progress = new ConsoleProgress(2, terminal = false)
      progress.onRound(round(1))
      progress.onTest(10, Collections.singletonMap("accuracy", Float.box(0.25f)))
      progress.onRound(round(2))
    }
    assert(
      text == "round 1/2  iteration 10  loss 1.5000  1000 images/s\n" +
        "iteration 10: accuracy 0.2500\nround 2/2  iteration 20  loss 0.7500  1000 images/s\n"
    )
  }

  it should "give tests and snapshots lines of their own" taggedAs Unit in {
    val text = shown {
      val progress = new ConsoleProgress(4, terminal = true)
      progress.onRound(round(1))
      progress.onTest(10, Collections.singletonMap("accuracy", Float.box(0.25f)))
      progress.onSnapshot(Array("a", "b"))
    }
    assert(text.endsWith("\niteration 10: accuracy 0.2500\nsaved a, b\n"))
  }
}
