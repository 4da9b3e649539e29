package sparknet.io

import java.io.{ByteArrayOutputStream, File, IOException, OutputStream}
import java.net.URI
import java.nio.file.Files
import java.util.concurrent.atomic.AtomicInteger

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{
  Abortable,
  FSError,
  FSDataInputStream,
  FSDataOutputStream,
  FSInputStream,
  FileStatus,
  FileSystem,
  LocalFileSystem,
  Path,
  RawLocalFileSystem
}
import org.apache.hadoop.fs.permission.FsPermission
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
    check()
    real.write(bytes, offset, count)
  }

  // What is in buffers has no room either.
  override def close(): Unit = {
    real.close()
    check()
  }

  private def check(): Unit = if (left < 0) {
    // What Hadoop's own streams of local files throw, and nobody else can.
    val constructor = classOf[FSError].getDeclaredConstructor(classOf[Throwable])
    constructor.setAccessible(true)
    throw constructor.newInstance(new IOException("No space left on device"))
  }
}

/** Local files under a scheme of their own; a folder that a file lies in need not be there before. */
class NamedFileSystem(scheme: String) extends FileSystem {
  private val local = new RawLocalFileSystem
  private var working = new Path(s"$scheme:/")

  override def initialize(uri: URI, conf: Configuration): Unit = {
    super.initialize(uri, conf)
    local.initialize(URI.create("file:///"), conf)
  }

  override def getUri: URI = URI.create(s"$scheme:///")
  override def getScheme: String = scheme
  override def getWorkingDirectory: Path = working
  override def setWorkingDirectory(path: Path): Unit = working = path

  override def open(path: Path, bufferSize: Int): FSDataInputStream =
    local.open(inside(path), bufferSize)

  override def create(
      path: Path,
      permission: FsPermission,
      overwrite: Boolean,
      bufferSize: Int,
      replication: Short,
      blockSize: Long,
      progress: Progressable
  ): FSDataOutputStream = local.create(inside(path), overwrite, bufferSize)

  override def append(path: Path, bufferSize: Int, progress: Progressable): FSDataOutputStream =
    throw new UnsupportedOperationException
  override def rename(from: Path, to: Path): Boolean = local.rename(inside(from), inside(to))
  override def delete(path: Path, recursive: Boolean): Boolean =
    local.delete(inside(path), recursive)
  override def mkdirs(path: Path, permission: FsPermission): Boolean = local.mkdirs(inside(path))
  override def getFileStatus(path: Path): FileStatus = named(local.getFileStatus(inside(path)))
  override def listStatus(path: Path): Array[FileStatus] =
    local.listStatus(inside(path)).map(named)

  private def inside(path: Path) = new Path("file", "", path.toUri.getPath)

  private def named(status: FileStatus): FileStatus = new FileStatus(
    status.getLen,
    status.isDirectory,
    1,
    status.getBlockSize,
    status.getModificationTime,
    new Path(scheme, "", status.getPath.toUri.getPath)
  )
}

class OtherFileSystem extends NamedFileSystem("named")

/** One whose files hold a megabyte. */
class SmallFileSystem extends NamedFileSystem("small") {
  override def create(
      path: Path,
      permission: FsPermission,
      overwrite: Boolean,
      bufferSize: Int,
      replication: Short,
      blockSize: Long,
      progress: Progressable
  ): FSDataOutputStream = new FSDataOutputStream(
    new FullStream(
      super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress)
    ),
    null
  )
}

/** One that fails when all has been written: it renames nothing to a name that ends in "state". */
class HalfFileSystem extends NamedFileSystem("half") {
  override def rename(from: Path, to: Path): Boolean =
    !to.getName.endsWith("state") && super.rename(from, to)
}

/** A storage that answers no JVM while there is a file that a setting names, and can be told to fail in
  * the middle of files.
  */
class UnsteadyFileSystem extends NamedFileSystem("unsteady") {
  override def open(path: Path, bufferSize: Int): FSDataInputStream =
    if (!Option(getConf.get(UnsteadyFileSystem.silence)).exists(new File(_).exists))
      new FSDataInputStream(new UnsteadyStream(super.open(path, bufferSize)))
    else throw new IOException("connection refused")
}

object UnsteadyFileSystem {
  val silence = "test.silence"

  /** What a stream comes to after so many bytes. */
  @volatile var after: (Long, () => Int) = steady

  def steady: (Long, () => Int) = (Long.MaxValue, () => -1)

  /** Streams that are open. */
  val open = new AtomicInteger
}

class UnsteadyStream(real: FSDataInputStream) extends FSInputStream {
  UnsteadyFileSystem.open.incrementAndGet()

  override def read(): Int = {
    val (most, what) = UnsteadyFileSystem.after
    if (getPos >= most) what() else real.read()
  }

  override def seek(position: Long): Unit = real.seek(position)
  override def getPos: Long = real.getPos
  override def seekToNewSource(position: Long): Boolean = real.seekToNewSource(position)

  override def close(): Unit = {
    UnsteadyFileSystem.open.decrementAndGet()
    real.close()
  }
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
