package sparknet.io

import java.io.{ByteArrayOutputStream, File, IOException, OutputStream}
import java.net.URI
import java.nio.file.Files

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{
  Abortable,
  FSDataOutputStream,
  LocalFileSystem,
  Path,
  RawLocalFileSystem
}
import org.apache.hadoop.util.Progressable

/** Local files whose working directory is a setting, which shows that settings arrive. */
class RootedFileSystem extends LocalFileSystem {
  override def initialize(uri: URI, conf: Configuration): Unit = {
    super.initialize(uri, conf)
    setWorkingDirectory(new Path(new File(conf.get(RootedFileSystem.root)).toURI))
  }
}

object RootedFileSystem {
  val root = "test.root"
}

/** A disk that is full after a megabyte. */
class FullFileSystem extends RawLocalFileSystem {
  override def create(
      path: Path,
      overwrite: Boolean,
      bufferSize: Int,
      replication: Short,
      blockSize: Long,
      progress: Progressable
  ): FSDataOutputStream = {
    val real = super.create(path, overwrite, bufferSize, replication, blockSize, progress)
    new FSDataOutputStream(new FullStream(real), null)
  }
}

class FullStream(real: OutputStream) extends OutputStream {
  private var left = 1 << 20

  override def write(byte: Int): Unit = write(Array(byte.toByte), 0, 1)

  override def write(bytes: Array[Byte], offset: Int, count: Int): Unit = {
    left -= count
    if (left < 0) throw new IOException("No space left on device")
    real.write(bytes, offset, count)
  }

  override def close(): Unit = real.close()
}

/** An object store, below a folder, whose quota is a megabyte for an object: what was written
  * appears when the stream is closed.
  */
class QuotaStore extends RawLocalFileSystem {
  override def getUri: URI = URI.create("s3a://bucket")

  override def create(
      path: Path,
      overwrite: Boolean,
      bufferSize: Int,
      replication: Short,
      blockSize: Long,
      progress: Progressable
  ): FSDataOutputStream = {
    val written = new ByteArrayOutputStream
    val store = new FullStream(written) with Abortable {
      override def close(): Unit = {
        val file = pathToFile(path).toPath
        Files.createDirectories(file.getParent)
        Files.write(file, written.toByteArray)
        ()
      }

      override def abort(): Abortable.AbortableResult = new Abortable.AbortableResult {
        override def alreadyClosed(): Boolean = false
        override def anyCleanupException(): IOException = null
      }
    }
    new FSDataOutputStream(store, null)
  }
}
