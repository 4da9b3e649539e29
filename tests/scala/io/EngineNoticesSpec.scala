package sparknet.io

import org.scalatest.flatspec.AnyFlatSpec

import sparknet.jna.{Engine, Warnings}
import support._

class EngineNoticesSpec extends AnyFlatSpec {
  "The engine's notices" should "be its warnings, once they are asked for" taggedAs Boundary in
    Logged.by(classOf[Warnings]) { lines =>
      EngineNotices.keep()
      try {
        EngineNotices.take()
        Engine.parseNetText("layers { layer { name: 'r' type: 'relu' kernelsize: 3 } top: 'x' }")
        val Array(level, text) = EngineNotices.take().split('\u0000')
        assert(level == "WARNING" && text.contains("field kernelsize of layer 'r' (relu)"))
        assert(EngineNotices.take().isEmpty && lines().isEmpty)
      } finally Warnings.to(null)
    }
}
