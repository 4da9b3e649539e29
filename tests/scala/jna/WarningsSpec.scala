package sparknet.jna

import org.scalatest.flatspec.AnyFlatSpec
import support._

class WarningsSpec extends AnyFlatSpec {

  /** A layer of Caffe's first form, with a field that its type does not have. */
  private def warn(name: String): Unit = {
    Engine.parseNetText(
      s"layers { layer { name: '$name' type: 'relu' num_output: 3 } bottom: 'x' top: 'x' }"
    )
    ()
  }

  private def text(name: String): String =
    s"<text>: field num_output of layer '$name' (relu) has no meaning there and is dropped"

  "The engine's warnings" should "go to the log" taggedAs Boundary in
    Logged.by(classOf[Warnings]) { lines =>
      Warnings.to(null)
      warn("rü")
      val expected = Seq(Logged.Line("WARN", classOf[Warnings].getName, text("rü")))
      assert(lines() == expected)
    }

  it should "go to who wants them instead" taggedAs Boundary in
    Logged.by(classOf[Warnings]) { lines =>
      var told = Seq.empty[String]
      Warnings.to((text: String) => told :+= text)
      try warn("r")
      finally Warnings.to(null)
      assert(told == Seq(text("r")) && lines().isEmpty)
    }
}
