package sparknet.io

import java.io.IOException
import java.nio.channels.FileChannel
import java.nio.file.StandardOpenOption.{READ, WRITE}
import java.nio.file.attribute.PosixFilePermissions
import java.nio.file.{Files, Path, Paths}
import java.nio.{ByteBuffer, ByteOrder, FloatBuffer}

import scala.collection.mutable

import sparknet.jna.{CaffeException, Status}

/** Arrays between the JVM and the Python driver beside it: one file per transfer, floats as
  * little-endian float32, readable by its owner only, on a tmpfs if there is one with room.
  */
object BulkTransfer {
  private val ownerOnly =
    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
  private val ownerOnlyFolder =
    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
  private val chunkBytes = 1 << 20
  private val folders = mutable.Map.empty[Path, Path]

  /** A folder of this process, for its user only, with room for a file of `bytes` bytes: where
    * Python puts what [[read]] shall read. It is removed when the JVM ends.
    */
  def directory(bytes: Long): String = folderFor(bytes).toString

  /** Writes the values to a new file and returns its path; whoever reads the file deletes it. */
  def write(values: Array[Float]): String = write(FloatBuffer.wrap(values))

  /** The same from a buffer, between its position and its limit, which stay as they are. */
  def write(values: FloatBuffer): String = guarded(s"cannot write ${values.remaining} floats") {
    val rest = values.duplicate()
    val file = Files.createTempFile(folderFor(4L * rest.remaining), "floats-", ".f32", ownerOnly)
    try {
      val channel = FileChannel.open(file, WRITE)
      try {
        chunks(rest.remaining) { (chunk, _, count) =>
          val part = rest.duplicate()
          part.limit(part.position() + count)
          chunk.asFloatBuffer.put(part)
          rest.position(part.position())
          while (chunk.hasRemaining) channel.write(chunk)
        }
      } finally channel.close()
      file.toString
    } catch {
      case failure: Throwable =>
        Files.deleteIfExists(file)
        throw failure
    }
  }

  /** Reads the values of a file and deletes it. */
  def read(path: String): Array[Float] = guarded(s"cannot read $path") {
    val file = Paths.get(path)
    val channel = FileChannel.open(file, READ)
    val values =
      try {
        val bytes = channel.size
        if (bytes % 4 != 0 || bytes / 4 > Int.MaxValue - 8) {
          throw new IOException(s"$bytes bytes are not an array of floats")
        }
        val values = new Array[Float]((bytes / 4).toInt)
        chunks(values.length) { (chunk, at, count) =>
          while (chunk.hasRemaining) {
            if (channel.read(chunk) < 0) throw new IOException("the file was cut short")
          }
          chunk.flip()
          chunk.asFloatBuffer.get(values, at, count)
        }
        values
      } finally channel.close()
    Files.delete(file)
    values
  }

  /** Reads the bytes of a file and deletes it. */
  def readBytes(path: String): Array[Byte] = guarded(s"cannot read $path") {
    val file = Paths.get(path)
    val bytes = Files.size(file)
    if (bytes > Int.MaxValue - 8) throw new IOException(s"$bytes bytes are too many for an array")
    val values = Files.readAllBytes(file)
    Files.delete(file)
    values
  }

  /** Calls `move` with a buffer of 4 * count bytes for each stretch of the array. */
  private def chunks(floats: Int)(move: (ByteBuffer, Int, Int) => Unit): Unit = {
    val chunk = ByteBuffer.allocateDirect(chunkBytes).order(ByteOrder.LITTLE_ENDIAN)
    var at = 0
    while (at < floats) {
      val count = math.min(chunkBytes / 4, floats - at)
      chunk.clear().limit(4 * count)
      move(chunk, at, count)
      at += count
    }
  }

  private def folderFor(bytes: Long): Path = synchronized {
    // A container's /dev/shm is often 64 MB small: half of what is free stays free for others.
    val places = Seq("/dev/shm", System.getProperty("java.io.tmpdir")).map(Paths.get(_))
    val place = places
      .find(p => Files.isWritable(p) && Files.getFileStore(p).getUsableSpace / 2 >= bytes)
      .getOrElse(places.last)
    folders.getOrElseUpdate(
      place, {
        val created = Files.createTempDirectory(place, "sparknet-", ownerOnlyFolder)
        sys.addShutdownHook(remove(created))
        created
      }
    )
  }

  private def guarded[T](what: String)(body: => T): T =
    try body
    catch {
      case e: IOException =>
        throw new CaffeException(
          Status.IO,
          s"$what: ${e.getClass.getSimpleName}: ${e.getMessage}",
          e
        )
    }

  private def remove(folder: Path): Unit = {
    Option(folder.toFile.listFiles).foreach(_.foreach(_.delete()))
    folder.toFile.delete()
    ()
  }
}
