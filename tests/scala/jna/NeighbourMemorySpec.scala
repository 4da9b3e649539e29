package sparknet.jna

import java.nio.{ByteBuffer, ByteOrder}

import org.scalatest.flatspec.AnyFlatSpec
import support._

class NeighbourMemorySpec extends AnyFlatSpec {
  private def room(floats: Int) = ByteBuffer.allocateDirect(4 * floats).order(ByteOrder.nativeOrder)

  "NeighbourMemory" should "read what is shown, from anywhere on" taggedAs Unit in
    Closing.using(FloatMemory.of(Array(1f, -2f, 3f))) { own =>
      own.show(5)
      Closing.using(new NeighbourMemory(own.name)) { seen =>
        val into = room(3)
        into.position(4)
        assert(seen.read(5, 4, into))
        val floats = into.rewind().asInstanceOf[ByteBuffer].asFloatBuffer
        assert((0 until 3).map(floats.get).sameElements(Seq(0f, -2f, 3f)))
      }
    }

  it should "say when it is not there any more" taggedAs Unit in {
    val own = FloatMemory.of(Array(1f))
    own.show(5)
    Closing.using(new NeighbourMemory(own.name)) { seen =>
      assert(!seen.read(4, 0, room(1)))
      own.show(0)
      assert(!seen.read(5, 0, room(1)))
      own.show(6)
      own.close()
      assert(!seen.read(6, 0, room(1)))
    }
    val gone = intercept[CaffeException](new NeighbourMemory(own.name))
    assert(gone.getCode == Status.IO.code)
  }
}
