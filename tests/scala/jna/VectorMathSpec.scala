package sparknet.jna

import org.scalatest.flatspec.AnyFlatSpec
import support._

class VectorMathSpec extends AnyFlatSpec {
  private def half(m: HalfMemory, i: Int): Float =
    java.lang.Float.intBitsToFloat(m.bytes(i, 1).getShort(0) << 16)

  "VectorMath" should "compute weighted means of floats" taggedAs Unit in {
    val (a, b) = (FloatMemory.of(Array(1f, 2f, 3f)), FloatMemory.of(Array(5f, 6f, -1f)))
    Closing.using(new VectorMath.Mean(Array(3, 1), halves = false)) { mean =>
      mean.set(0, a.address(1))
      mean.set(1, b.address(0))
      val into = FloatMemory.of(Array(9f, 9f, 9f))
      mean(into.address(1), 2)
      assert(into.toArray.sameElements(Array(9f, (3 * 2 + 5) / 4f, (3 * 3 + 6) / 4f)))
    }
  }

  it should "compute differences as bfloat16, their mean, and add them" taggedAs Unit in {
    val base = FloatMemory.of(Array(10f, 20f))
    val terms = Seq(Array(11f, 22f), Array(13f, 20f)).map { values =>
      val differences = new HalfMemory(2)
      VectorMath.differ(FloatMemory.of(values), base, differences)
      differences
    }
    assert(half(terms(0), 1) == 2f && half(terms(1), 0) == 3f)
    Closing.using(new VectorMath.Mean(Array(1, 1), halves = true)) { mean =>
      terms.zipWithIndex.foreach { case (term, i) => mean.set(i, term.address(0)) }
      val into = new HalfMemory(2)
      mean(into.address(0), 2)
      VectorMath.add(into, base)
      assert(base.toArray.sameElements(Array(12f, 21f)))
    }
  }

  it should "find what is not finite" taggedAs Unit in {
    assert(FloatMemory.of(Array(1f, Float.MaxValue)).isFinite)
    for (bad <- Seq(Float.NaN, Float.PositiveInfinity, Float.NegativeInfinity))
      assert(!FloatMemory.of(Array(1f, bad, 2f)).isFinite)
  }

  it should "refuse vectors of other lengths" taggedAs Unit in {
    val (a, b) = (new FloatMemory(2), new FloatMemory(3))
    intercept[IllegalArgumentException](VectorMath.differ(a, b, new HalfMemory(2)))
    intercept[IllegalArgumentException](VectorMath.add(new HalfMemory(2), b))
  }
}
