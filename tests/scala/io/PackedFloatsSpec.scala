package sparknet.io

import java.io.{ByteArrayInputStream, ByteArrayOutputStream, ObjectInputStream, ObjectOutputStream}

import org.scalatest.flatspec.AnyFlatSpec
import scala.util.Random
import support._

class PackedFloatsSpec extends AnyFlatSpec {
  private def copied(values: Array[Float]): Array[Float] = {
    val bytes = new ByteArrayOutputStream
    val out = new ObjectOutputStream(bytes)
    out.writeObject(PackedFloats(values))
    out.writeObject("after")
    out.close()
    val in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray))
    val read = in.readObject().asInstanceOf[PackedFloats]
    assert(in.readObject() == "after")
    read.values
  }

  "PackedFloats" should "survive serialisation bit by bit" taggedAs Unit in {
    val random = new Random(1)
    for (length <- Seq(0, 1, 1000, 16384, 16385, 100000)) {
      val values = Array.fill(length)(java.lang.Float.intBitsToFloat(random.nextInt()))
      def bits(a: Array[Float]) = a.map(java.lang.Float.floatToRawIntBits).toSeq
      assert(bits(copied(values)) == bits(values))
    }
    assert(copied(null) == null)
  }
}
