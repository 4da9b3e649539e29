package sparknet.io

import java.nio.file.attribute.PosixFilePermissions
import java.nio.file.{Files, Path, Paths}
import java.nio.{ByteBuffer, ByteOrder}

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class BulkTransferSpec extends AnyFlatSpec {
  private def permissions(path: Path): String =
    PosixFilePermissions.toString(Files.getPosixFilePermissions(path))

  "BulkTransfer" should "write little-endian floats that only their owner may read" taggedAs Unit in {
    val path = Paths.get(BulkTransfer.write(Array(1.5f, -2f)))
    val content = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN)
    assert(content.remaining == 8 && content.getFloat == 1.5f && content.getFloat == -2f)
    assert(permissions(path) == "rw-------" && permissions(path.getParent) == "rwx------")
    Files.delete(path)
  }

  it should "read back and delete" taggedAs Unit in {
    for (length <- Seq(0, 3, 1000000)) {
      val values = Array.tabulate(length)(_ * 0.1f)
      val path = BulkTransfer.write(values)
      assert(BulkTransfer.read(path).sameElements(values))
      assert(!Files.exists(Paths.get(path)))
    }
  }

  it should "read bytes and delete" taggedAs Unit in {
    val file = Files.createTempFile("bytes", ".bin")
    Files.write(file, Array[Byte](1, -2, 3))
    assert(BulkTransfer.readBytes(file.toString).toSeq == Seq[Byte](1, -2, 3))
    assert(!Files.exists(file))
    val missing = intercept[CaffeException](BulkTransfer.readBytes(file.toString))
    assert(missing.getCodeName == "IO" && missing.getMessage.contains(file.toString))
  }

  it should "offer a folder that is there" taggedAs Unit in {
    for (bytes <- Seq(0L, Long.MaxValue))
      assert(Files.isDirectory(Paths.get(BulkTransfer.directory(bytes))))
  }

  it should "name a file that is missing or not floats" taggedAs Unit in {
    val missing = intercept[CaffeException](BulkTransfer.read("/no/such/file"))
    assert(missing.getCodeName == "IO" && missing.getMessage.contains("/no/such/file"))
    val odd = Files.createTempFile("odd", ".f32")
    Files.write(odd, Array[Byte](1, 2, 3))
    assert(
      intercept[CaffeException](BulkTransfer.read(odd.toString)).getMessage.contains("3 bytes")
    )
    Files.delete(odd)
  }
}
