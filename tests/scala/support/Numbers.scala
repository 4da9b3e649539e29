package support

import org.scalatest.Assertions._

/** Comparison of floats with what they should be. */
object Numbers {
  def assertClose(found: Seq[Float], expected: Seq[Double], tolerance: Double = 1e-5): Unit = {
    assert(found.length == expected.length)
    for (((a, b), i) <- found.zip(expected).zipWithIndex)
      assert(math.abs(a - b) <= tolerance * (1 + math.abs(b)), s"at $i")
  }
}
