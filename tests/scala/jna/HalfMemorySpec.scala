package sparknet.jna

import org.scalatest.flatspec.AnyFlatSpec
import support._

class HalfMemorySpec extends AnyFlatSpec {
  private def rounded(value: Float): Float = {
    val (halves, floats) = (new Array[Short](1), new Array[Float](1))
    HalfMemory.round(Array(value), halves, 1)
    HalfMemory.widen(halves, floats, 1)
    floats(0)
  }

  "HalfMemory" should "round to the nearest bfloat16, and to an even one from between two" taggedAs
    Unit in {
      for (exact <- Seq(0f, -0f, 1f, -2.5f, 1.0078125f, 3.3895314e38f, 1e-40f - 1e-40f))
        assert(rounded(exact) == exact)
      // bfloat16 has 8 significant bits: above 1 the next are 1 + 1/128 and 1 + 2/128.
      assert(rounded(1f + 0.4f / 128) == 1f && rounded(1f + 0.6f / 128) == 1f + 1f / 128)
      assert(rounded(1f + 0.5f / 128) == 1f && rounded(1f + 1.5f / 128) == 1f + 2f / 128)
      val random = new scala.util.Random(4)
      for (_ <- 1 to 10000) {
        val value = (random.nextGaussian() * math.pow(10, random.nextInt(60) - 30.0)).toFloat
        assert(math.abs(rounded(value) - value) <= math.abs(value) / 256)
      }
    }

  it should "keep the numbers in two bytes each" taggedAs Unit in Closing.using(new HalfMemory(5)) {
    m =>
      m.shorts(1, 3).put(Array[Short](7, 8, 9))
      assert(m.bytes(2, 2).remaining == 4 && m.shorts(2, 1).get(0) == 8)
  }
}
