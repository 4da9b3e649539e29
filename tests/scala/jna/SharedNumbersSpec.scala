package sparknet.jna

import org.scalatest.flatspec.AnyFlatSpec
import support._

class SharedNumbersSpec extends AnyFlatSpec {
  "SharedNumbers" should "show the same floats as numbers and bytes" taggedAs Unit in
    Closing.using(FloatMemory.of(Array(1f, -2f, 3f))) { m =>
      assert(m.count == 3 && m.toArray.sameElements(Array(1f, -2f, 3f)))
      assert(m.bytes(1, 2).remaining == 8 && m.address(2) - m.address(0) == 8)
      m.bytes(1, 1).asFloatBuffer.put(5f)
      assert(m.toArray.sameElements(Array(1f, 5f, 3f)))
      m.clear()
      assert(m.toArray.forall(_ == 0f))
    }

  they should "keep bfloat16 in two bytes each" taggedAs Unit in
    Closing.using(new HalfMemory(5)) { m =>
      assert(m.bytes(2, 2).remaining == 4 && m.address(2) - m.address(0) == 4)
    }

  they should "be none, too" taggedAs Unit in Closing.using(new FloatMemory(0)) { m =>
    assert(m.toArray.isEmpty && !m.floats.hasRemaining && m.isFinite)
  }

  they should "throw once they are freed, where reading them would end the JVM" taggedAs Unit in {
    val memory = FloatMemory.of(Array(1f, 2f))
    memory.close()
    val uses = Seq(
      () => memory.floats,
      () => memory.toArray,
      () => memory.bytes(0, 1),
      () => memory.address(0),
      () => memory.clear(),
      () => memory.isFinite
    )
    for (use <- uses)
      assert(intercept[IllegalStateException](use()).getMessage.contains("2 numbers"))
  }
}
