package sparknet.seen

import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

class FiguresSpec extends AnyFlatSpec {

  "Numbers" should "have the digits that matter" taggedAs Unit in {
    val values = Seq(0.0, 0.57223, 1.2345, -12.345, 1771.6, 12345678.0, 0.00001234, Double.NaN)
    val written = Seq("0", "0.5722", "1.23", "-12.3", "1,772", "1.23e+07", "1.23e-05", "NaN")
    assert(values.map(Figures.value) == written)
    assert(Figures.count(1234567) == "1,234,567")
    assert(Seq(1.04, 2.0, -0.5).map(Figures.place) == Seq("1", "2", "-0.5"))
  }

  "Seconds" should "be in units that suit them" taggedAs Unit in {
    val seconds = Seq(0.0, 0.0001, 0.0453, 1.25, 59.94, 65, 7500)
    val written = Seq("0 ms", "<1 ms", "45 ms", "1.3 s", "59.9 s", "1 min 5 s", "2 h 5 min")
    assert(seconds.map(Figures.seconds) == written)
  }
}
