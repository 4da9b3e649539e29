package sparknet.train

import java.nio.ByteOrder.nativeOrder
import java.nio.{ByteBuffer, FloatBuffer}

import org.apache.spark.sparknet.Place
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.{CaffeException, FloatMemory, SharedNumbers}

class MemorySpec extends AnyFlatSpec {
  private val here = Place("host", 1, "0")
  private val there = Place("host", 2, "1")
  private val pieces = Pieces(floats = 5, size = 2, everywhere = false)

  /** Another JVM, as far as memory tells. */
  private object Other extends Memory {
    override def here: Place = there
    override def publish(name: String, bytes: ByteBuffer, copied: Boolean): Unit = ()
    override def withdraw(name: String): Unit = ()
    override def fetch(from: Published, piece: Int): Incoming = throw new AssertionError
    override def spill(bytes: ByteBuffer): Spilled = throw new AssertionError
  }

  private def published(values: SharedNumbers, offset: Int = 0) =
    new Publication(Other, "x", pieces, values, offset)

  private def read(incoming: Incoming, floats: Int): Seq[Float] = {
    val into = ByteBuffer.allocateDirect(4 * floats).order(nativeOrder)
    incoming.copyTo(4, into)
    val values: FloatBuffer = into.asFloatBuffer
    (0 until floats).map(values.get)
  }

  "A piece on the same machine" should "be read where it is" taggedAs Unit in
    Closing.using(FloatMemory.of(Array(2f, 3f, 4f))) { values =>
      // The vector's numbers 2 to 4.
      val piece = NeighbourPiece.of(published(values, offset = 2).vector, 1, here).get
      Closing.using(piece) { piece =>
        assert(piece.await(0) && piece.failure.isEmpty)
        assert(read(piece, 1) == Seq(3f))
      }
    }

  it should "be missing once it is withdrawn, or changes" taggedAs Unit in
    Closing.using(FloatMemory.of(Array(0f, 1f, 2f, 3f, 4f))) { values =>
      val first = published(values)
      Closing.using(NeighbourPiece.of(first.vector, 1, here).get) { piece =>
        assert(read(piece, 1) == Seq(3f))
        first.withdraw()
        assert(intercept[MissingPiece](read(piece, 1)).getMessage.contains("piece 1 of x"))
        published(values)
        intercept[MissingPiece](read(piece, 1))
      }
    }

  it should "be taken back, too, when who had made it has closed it" taggedAs Unit in {
    val values = FloatMemory.of(Array(0f, 1f, 2f, 3f, 4f))
    val publication = published(values)
    publication.show(Seq(1))
    values.close()
    publication.withdraw()
    intercept[CaffeException](published(values))
  }

  it should "be fetched if it cannot be read there" taggedAs Unit in
    Closing.using(FloatMemory.of(Array(0f, 1f, 2f, 3f, 4f))) { values =>
      val vector = published(values).vector
      assert(NeighbourPiece.of(vector, 0, Place("elsewhere", 1, "0")).isEmpty)
      assert(NeighbourPiece.of(vector, 0, there).isEmpty) // is its own, which it has
      val nameless = vector.copy(near = vector.near.copy(memory = ""))
      assert(NeighbourPiece.of(nameless, 0, here).isEmpty)
      values.close()
      assert(NeighbourPiece.of(vector, 0, here).isEmpty)
    }
}
