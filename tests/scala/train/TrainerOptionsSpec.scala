package sparknet.train

import java.util.{Map => JavaMap}

import scala.collection.JavaConverters._

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class TrainerOptionsSpec extends AnyFlatSpec {
  private def from(options: (String, Any)*): TrainerOptions =
    TrainerOptions.from(
      options
        .map { case (k, v) => k -> v.asInstanceOf[Object] }
        .toMap
        .asJava: JavaMap[String, Object]
    )

  "TrainerOptions" should "come from a map as Python sends it" taggedAs Unit in {
    assert(from() == TrainerOptions())
    assert(from("seed" -> 5, "threads" -> 2, "wait_seconds" -> 0) == TrainerOptions(5, 2, 0))
    assert(from("window_mb" -> 9).windowMb == 9)
    assert(
      from("keep_seconds" -> 2, "idle_seconds" -> 1.5) == TrainerOptions(
        keepSeconds = 2,
        idleSeconds = 1.5
      )
    )
    assert(from("retries" -> 0).retries == 0)
    assert(from("seed" -> (1L << 40)).seed == 1L << 40)
  }

  it should "refuse what it does not know" taggedAs Unit in {
    for (
      (option, part) <- Seq(
        (
          "sed",
          5
        ) -> "no option 'sed'; there are seed, threads, wait_seconds, window_mb, keep_seconds",
        ("threads", "two") -> "threads is not a whole number",
        ("threads", 1L << 40) -> "too large",
        ("threads", -1) -> "threads must be at least 0, not -1",
        ("keep_seconds", Double.NaN) -> "keep_seconds must be at least 0, not NaN",
        ("wire_precision", "fp8") -> "wire_precision is fp32 or bf16, not 'fp8'",
        ("window_mb", 0) -> "window_mb must be at least 1, not 0"
      )
    ) assert(intercept[CaffeException](from(option)).getMessage.contains(part))
  }
}
