package sparknet.io

import java.util.{Collections, Map => JavaMap}

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class OptionsSpec extends AnyFlatSpec {
  private def of(name: String, value: Object): Options = {
    val options: JavaMap[String, Object] = Collections.singletonMap(name, value)
    new Options(options, "a", "b", "c")
  }

  "Options" should "be what was options, or the default" taggedAs Unit in {
    assert(of("a", Int.box(3)).int("a", 1) == 3 && of("a", Int.box(3)).int("b", 1) == 1)
    assert(of("a", Long.box(1L << 40)).long("a", 1) == 1L << 40)
    assert(
      of("a", Double.box(0.5)).double("a", 1) == 0.5 && of("a", Int.box(2)).double("a", 1) == 2
    )
    assert(of("a", Boolean.box(true)).boolean("a", default = false))
    assert(of("a", "x").string("a", "y") == "x" && of("a", "x").string("b", "y") == "y")
  }

  it should "refuse other names and types" taggedAs Unit in {
    for (
      (wrong, part) <- Seq[(() => Any, String)](
        (() => of("d", "x"), "no option 'd'; there are a, b and c"),
        (() => of("a", "x").int("a", 1), "a is not a whole number: x"),
        (() => of("a", Long.box(1L << 40)).int("a", 1), "a is too large"),
        (() => of("a", "x").double("a", 1), "a is not a number"),
        (() => of("a", Int.box(1)).boolean("a", default = true), "neither true nor false")
      )
    ) {
      val refused = intercept[CaffeException](wrong())
      assert(refused.getCodeName == "INVALID_ARGUMENT" && refused.getMessage.contains(part))
    }
  }
}
