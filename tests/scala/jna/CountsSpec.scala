package sparknet.jna

import org.scalatest.flatspec.AnyFlatSpec
import sparknet.data.Block
import support._

class CountsSpec extends AnyFlatSpec {
  private def failure(body: => Any) = intercept[CaffeException](body)

  "Counts" should "tell what does not fit into an array" taggedAs Unit in {
    assert(Counts.toInt(Int.MaxValue.toLong, "it") == Int.MaxValue)
    for (count <- Seq(Int.MaxValue + 1L, -1L, Long.MinValue)) {
      val e = failure(Counts.toInt(count, "the number of things"))
      assert(e.getCodeName == "SHAPE" && e.getMessage.startsWith(s"the number of things is $count"))
    }
  }

  it should "multiply extents" taggedAs Unit in {
    assert(Counts.product(Array(), "it") == 1)
    assert(Counts.product(Array(3, 0, 5), "it") == 0)
    assert(Counts.product(Array(1, Int.MaxValue), "it") == Int.MaxValue)
    // 2^32 and 2^64, which wrap to 0, and 2^31 - 1 squared, which wraps to 1
    for (shape <- Seq(Array(65536, 65536), Array.fill(4)(65536), Array.fill(2)(Int.MaxValue))) {
      val e = failure(Counts.product(shape, "an item"))
      assert(e.getCodeName == "SHAPE")
      assert(e.getMessage.startsWith(s"an item has shape ${shape.mkString("x")}"))
    }
  }

  it should "stand behind the shapes of data" taggedAs Unit in {
    val e = failure(Block.product(Array(3, 40000, 40000)))
    assert(e.getCodeName == "SHAPE" && e.getMessage.contains("3x40000x40000"))
    assert(failure(libs.JavaNDUtils.arrayProduct(Array(65536, 65536))).getCodeName == "SHAPE")
    assert(failure(new libs.ByteImage(65536, 65536)).getCodeName == "SHAPE")
  }
}
