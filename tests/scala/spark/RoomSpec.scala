package org.apache.spark.sparknet

import com.sun.jna.{Memory, Pointer}
import org.scalatest.flatspec.AnyFlatSpec
import support.Boundary

class RoomSpec extends AnyFlatSpec {
  private def floats(test: FloatRoom => Any): Unit = {
    test(new FloatRoom(new Array[Float](7)))
    val memory = new Memory(28)
    memory.clear()
    test(FloatRoom.at(Pointer.nativeValue(memory), 7))
    memory.close()
  }

  private def bytes(test: ByteRoom => Any): Unit = {
    test(new ByteRoom(new Array[Byte](7)))
    val memory = new Memory(7)
    test(ByteRoom.at(Pointer.nativeValue(memory), 7))
    memory.close()
  }

  private def all(room: FloatRoom): Seq[Float] = (0 until room.length).map(room.get)

  "Room for floats" should "take them, in the heap and outside" taggedAs Boundary in floats {
    room =>
      room.put(6, 1.5f)
      room.put(1, Array(1f, 2f, 3f, 4f), 1, 3)
      assert(all(room) == Seq(0f, 2f, 3f, 4f, 0f, 0f, 1.5f))
      floats { other =>
        room.copyTo(1, 3, other, 4)
        assert(all(other) == Seq(0f, 0f, 0f, 0f, 2f, 3f, 4f))
      }
      room.clear(2, 2)
      assert(all(room) == Seq(0f, 2f, 0f, 0f, 0f, 0f, 1.5f))
      room.put(3, Array[Byte](1, -1, 127))
      assert(all(room) == Seq(0f, 2f, 0f, 1f, 255f, 127f, 1.5f))
  }

  "Room for bytes" should "take them, in the heap and outside" taggedAs Boundary in bytes { room =>
    room.put(2, Array[Byte](1, 2, 3, 4, 5, 6), 1, 5)
    assert(room.toArray(2, 5).toSeq == Seq[Byte](2, 3, 4, 5, 6) && room.get(6) == 6)
  }

  "What is outside of a room" should "be refused" taggedAs Boundary in {
    def refused(write: => Any) = assertThrows[IllegalArgumentException](write)
    floats { room =>
      refused(room.put(7, 1f))
      refused(room.put(-1, 1f))
      refused(room.get(7))
      refused(room.clear(5, 3))
      refused(room.put(5, new Array[Float](3), 0, 3))
      refused(room.put(0, new Array[Float](3), 1, 3))
      refused(room.put(6, new Array[Byte](2)))
      refused(room.copyTo(0, 8, new FloatRoom(new Array[Float](9)), 0))
      refused(room.copyTo(0, 7, new FloatRoom(new Array[Float](7)), 1))
      refused(room.copyTo(1, -1, room, 0))
      refused(room.put(Int.MaxValue, new Array[Float](3), 0, 3))
    }
    bytes { room =>
      refused(room.get(7))
      refused(room.put(5, new Array[Byte](3), 0, 3))
      refused(room.toArray(1, 7))
    }
  }
}
