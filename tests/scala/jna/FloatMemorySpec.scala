package sparknet.jna

import org.scalatest.flatspec.AnyFlatSpec
import support._

class FloatMemorySpec extends AnyFlatSpec {
  "FloatMemory" should "show the same floats as numbers, bits and bytes" taggedAs Unit in
    Closing.using(FloatMemory.of(Array(1f, -2f, 3f))) { m =>
      assert(m.count == 3 && m.toArray.sameElements(Array(1f, -2f, 3f)))
      assert(m.floats(1, 2).get(1) == 3f && m.bytes(1, 2).remaining == 8)
      assert(m.ints.get(1) == java.lang.Float.floatToRawIntBits(-2f))
      m.bytes(1, 1).asFloatBuffer.put(5f)
      assert(m.toArray.sameElements(Array(1f, 5f, 3f)))
      m.clear()
      assert(m.toArray.forall(_ == 0f))
    }

  it should "hold nothing, too" taggedAs Unit in Closing.using(new FloatMemory(0)) { m =>
    assert(m.toArray.isEmpty && !m.floats.hasRemaining)
  }

  it should "throw once it is freed, where reading it would end the JVM" taggedAs Unit in {
    val memory = FloatMemory.of(Array(1f, 2f))
    memory.close()
    for (read <- Seq(() => memory.floats, () => memory.toArray, () => memory.bytes(0, 1)))
      assert(intercept[IllegalStateException](read()).getMessage.contains("2 floats"))
  }
}
