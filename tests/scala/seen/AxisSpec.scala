package sparknet.seen

import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

class AxisSpec extends AnyFlatSpec {
  private def near(found: Seq[Double], wanted: Double*) =
    assert(found.length == wanted.length && found.zip(wanted).forall { case (a, b) =>
      math.abs(a - b) < 1e-9
    })

  "An axis" should "begin and end with a tick, or where its numbers do" taggedAs Unit in {
    val whole = Axis.of(Seq(0.13, 2.31), 186, 10, most = 5, whole = true)
    near(whole.ticks, 0, 0.5, 1, 1.5, 2, 2.5)
    near(Seq(whole(0), whole(2.5), whole(1.25)), 186, 10, 98)
    val inside = Axis.of(Seq(10, 20, 170), 0, 160, most = 8, whole = false)
    near(inside.ticks, 20, 40, 60, 80, 100, 120, 140, 160)
    near(Seq(inside(10), inside(170)), 0, 160)
  }

  it should "have few ticks of round numbers, whatever is on it" taggedAs Unit in {
    val random = new scala.util.Random(3)
    for (_ <- 1 to 2000) {
      val size = math.pow(10, random.nextInt(20) - 10)
      val least = (random.nextDouble() - 0.5) * size
      val numbers = Seq(least, least + random.nextDouble() * size + size / 1000)
      val axis = Axis.of(numbers, 0, 1, most = 5, whole = true)
      assert(axis.low <= numbers(0) + size * 1e-9 && axis.high >= numbers(1) - size * 1e-9)
      assert(axis.ticks.length >= 2 && axis.ticks.length <= 7)
      val step = axis.ticks(1) - axis.ticks(0)
      val digit = step / math.pow(10, math.floor(math.log10(step * (1 + 1e-6))))
      assert(Seq(1, 2, 5).exists(d => math.abs(d - digit) < 1e-3), s"$numbers: $step")
    }
  }

  it should "have room where there is one number, or none" taggedAs Unit in {
    for (numbers <- Seq(Nil, Seq(0.0), Seq(7.0, 7.0), Seq(-1e-9), Seq(1e12))) {
      val axis = Axis.of(numbers, 0, 100, most = 5, whole = true)
      assert(axis.low < axis.high)
      assert(numbers.forall(n => axis(n) > 0 && axis(n) < 100))
    }
  }
}
