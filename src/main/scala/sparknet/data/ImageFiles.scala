package sparknet.data

import java.io.FileNotFoundException
import java.net.URI
import java.nio.file.AccessDeniedException

import scala.util.control.NonFatal

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.Path
import org.apache.hadoop.security.AccessControlException

import sparknet.io.Storage
import sparknet.jna.{CaffeException, Status}

/** Files that are an encoded image each. */
private[sparknet] object ImageFiles {
  private val maxMessage = 300
  private val endings = Seq(".jpg", ".jpeg", ".png", ".gif", ".bmp")

  /** By its name. */
  def isImage(file: URI): Boolean = endings.exists(nameOf(file).toLowerCase.endsWith)

  /** Numbers for the folders in which images lie, in the order of their names. Throws if there are files
    * that are no images: what is in a tar has no folder to be its class.
    */
  def classes(uri: String, files: Seq[URI]): Map[String, Int] = {
    files.find(!isImage(_)).foreach { other =>
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"$uri: $other is no image by its name; images in tars need a file of labels"
      )
    }
    files.map(folderOf).distinct.sorted.zipWithIndex.toMap
  }

  /** The name of the folder in which a file lies. */
  def folderOf(file: URI): String = {
    val folder = new Path(file).getParent
    if (folder == null) "" else folder.getName
  }

  def nameOf(file: URI): String = new Path(file).getName

  /** The image, with the label; or why there is none. A storage that fails is a [[StorageException]]. */
  def read(
      file: URI,
      conf: Configuration,
      label: Option[Int]
  ): Either[BadRecord, ImageRecord] = label match {
    case None         => Left(BadRecord(BadRecord.noLabel, nameOf(file)))
    case Some(number) =>
      content(new Path(file), conf).map(ImageRecord(nameOf(file), _, number))
  }

  /** What a file of less than 2 GiB holds, or why it cannot be had. */
  def content(path: Path, conf: Configuration): Either[BadRecord, Array[Byte]] =
    try {
      val fs = path.getFileSystem(conf)
      val length = fs.getFileStatus(path).getLen
      if (length > Int.MaxValue - 8) Left(BadRecord(BadRecord.tooLarge, path.getName))
      else {
        val in = fs.open(path)
        try {
          val bytes = in.readNBytes(length.toInt)
          if (bytes.length < length)
            throw new StorageException(s"$path ended after ${bytes.length} of $length bytes", null)
          Right(bytes)
        } finally in.close()
      }
    } catch {
      case failure: StorageException => throw failure
      case NonFatal(why)             => Left(unreadable(path.toUri, conf, why))
    }

  /** For a file that could not be opened or read; throws what is the storage's failure. */
  def unreadable(file: URI, conf: Configuration, why: Throwable): BadRecord = why match {
    case _: FileNotFoundException if gone(new Path(file), conf) =>
      BadRecord(BadRecord.missingFile, file.toString)
    case _: FileNotFoundException | _: AccessDeniedException | _: AccessControlException =>
      BadRecord(BadRecord.unreadableFile, told(file, why))
    case _ => throw new StorageException(told(file, why), why)
  }

  /** What went wrong with a file, in a line that names it. */
  def told(file: URI, why: Throwable): String = {
    val text = Storage.why(why)
    (if (text.contains(file.getPath)) text else s"$file: $text").take(maxMessage)
  }

  /** Java throws "not found" for files that may not be read, too. */
  private def gone(path: Path, conf: Configuration): Boolean =
    try !path.getFileSystem(conf).exists(path)
    catch { case NonFatal(_) => false }
}
