package sparknet.io

import java.io.{IOException, InputStream}

import scala.util.control.NonFatal

import org.apache.hadoop.fs.{FileSystem, Path}

/** A file on its way to a Hadoop file system. It is there as a whole once it is shown, or not at all:
  * object stores show what was put when it is complete, elsewhere it is written under a hidden name
  * and renamed.
  *
  * @param whole
  *   where it will be; one that is there is replaced
  */
private[io] final class WholeFile(fs: FileSystem, whole: Path) {
  private val putsWhole = WholeFile.objectStores(fs.getUri.getScheme)
  private val written =
    if (putsWhole) whole else WholeFile.in(whole.getParent, s".${whole.getName}.part")
  private val out = fs.create(written, true)
  private var shown = false

  def write(bytes: Array[Byte], count: Int): Unit = out.write(bytes, 0, count)

  /** All of a stream. */
  def write(in: InputStream): Unit = {
    val buffer = new Array[Byte](WholeFile.bufferBytes)
    Iterator.continually(in.read(buffer)).takeWhile(_ >= 0).foreach(write(buffer, _))
  }

  /** Takes it out of hiding: all has been written. */
  def show(): Unit = {
    out.close()
    if (written != whole && !fs.rename(written, whole)) {
      // HDFS does not replace a file.
      fs.delete(whole, false)
      if (!fs.rename(written, whole)) throw new IOException(s"$written cannot be renamed")
    }
    shown = true
  }

  /** Leaves nothing of it, be it shown or not. What fails here follows from what failed before, which
    * is the error to tell.
    */
  def abandon(): Unit =
    try
      if (shown) {
        fs.delete(whole, false)
        ()
      } else if (putsWhole) {
        out.abort() // Closing it would show the incomplete object.
        ()
      } else {
        try out.close()
        finally fs.delete(written, false)
        ()
      }
    catch { case NonFatal(_) => () } // On a full disk closing fails too.
}

private[io] object WholeFile {
  val bufferBytes: Int = 1 << 20

  /** A file of a folder. Hadoop would take a name with a colon in it for a URI. */
  def in(folder: Path, name: String): Path = new Path(folder, new Path(null, null, name))

  /** Schemes where an object appears when its put is complete, and a rename would copy it. */
  private val objectStores = Set("s3a", "s3n", "s3", "gs", "oss", "cosn", "obs")
}
