package sparknet.io

import java.io.{File, FileInputStream, IOException}
import java.nio.file.{Files, Path => LocalPath, Paths}

import scala.collection.JavaConverters._
import scala.util.control.NonFatal

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{FileSystem, Path}

import sparknet.jna.{CaffeException, Status}

/** Lets the engine, which knows files of this machine only, read and write at any place: a path of this
  * machine, which is the engine's own business, or a URI that a Hadoop file system knows, from and to
  * which files are copied.
  */
private[sparknet] final class Places(conf: Configuration) {
  import Places._

  /** Writes files that belong together. At a URI all of them appear or none.
    *
    * @param place
    *   what the files' names start with, or the name of the only one
    * @param write
    *   writes them to a path of this machine that stands for the place, and returns their paths; the
    *   last one is what makes the others of use
    * @return
    *   where they are
    */
  def writing(place: String)(write: String => Array[String]): Array[String] =
    local(place) match {
      case Some(path) => write(path)
      case None       =>
        inTemporary { folder =>
          val files =
            try write(s"$folder/${nameOf(place)}").map(new File(_))
            catch {
              case e: CaffeException =>
                throw new CaffeException(e.getCode, e.getCodeName, s"$place: ${e.getMessage}", e)
            }
          failing(s"$place cannot be written")(put(files.toSeq, new Path(folderOf(place))))
          files.map(file => folderOf(place) + file.getName)
        }
    }

  /** Reads a file.
    *
    * @param beside
    *   names of other files in its folder that reading it takes, given the file on this machine
    * @param read
    *   reads a file of this machine that stands for the place
    */
  def reading[A](place: String, beside: File => Seq[String] = _ => Nil)(read: String => A): A =
    local(place) match {
      case Some(path) => read(path)
      case None       =>
        inTemporary { folder =>
          def fetch(uri: String): File = {
            val copy = folder.resolve(nameOf(uri))
            failing(uri) {
              val path = new Path(uri)
              val in = path.getFileSystem(conf).open(path)
              try Files.copy(in, copy)
              finally in.close()
            }
            copy.toFile
          }
          val file = fetch(place)
          beside(file).foreach(name => fetch(folderOf(place) + name))
          try read(file.toString)
          catch {
            case e: CaffeException =>
              val said = named(e.getMessage, file.toString, place)
              throw new CaffeException(e.getCode, e.getCodeName, said, e)
          }
        }
    }

  /** Throws unless files whose names start with `prefix` can be written: writes one and removes it. */
  def probe(prefix: String): Unit =
    failing(s"snapshots cannot be written to '$prefix'") {
      local(prefix) match {
        case Some(path) => probe(Paths.get(folderOf(path)), nameOf(path))
        case None       =>
          val path = new Path(folderOf(prefix) + s".${nameOf(prefix)}-${System.nanoTime}.probe")
          val fs = path.getFileSystem(conf)
          val out = fs.create(path, false)
          try out.write(0)
          finally out.close()
          fs.delete(path, false)
          ()
      }
    }

  private def probe(folder: LocalPath, name: String): Unit = {
    if (!Files.isDirectory(folder)) throw new IOException(s"there is no folder $folder")
    val file = Files.createTempFile(folder, s".$name-", ".probe")
    try {
      Files.write(file, Array[Byte](0))
      ()
    } finally Files.delete(file)
  }

  private def put(files: Seq[File], folder: Path): Unit = {
    val fs = folder.getFileSystem(conf)
    var copies = Vector.empty[WholeFile]
    try {
      for (file <- files) {
        val copy = new WholeFile(fs, WholeFile.in(folder, file.getName))
        copies :+= copy
        val in = new FileInputStream(file)
        try copy.write(in)
        finally in.close()
      }
      remove(fs, WholeFile.in(folder, files.last.getName))
      copies.foreach(_.show())
    } catch {
      case e: Throwable =>
        copies.foreach(_.abandon())
        throw e
    }
  }

  /** What is replaced goes before the others are: it would be taken for one of theirs. */
  private def remove(fs: FileSystem, file: Path): Unit =
    if (fs.exists(file)) {
      fs.delete(file, false)
      ()
    }
}

object Places {

  /** Whether it is a URI: a scheme, a colon and a slash. Anything else is a path of this machine, also
    * one with a colon in it.
    */
  def isUri(place: String): Boolean = place.matches("(?s)[A-Za-z][A-Za-z0-9+.-]*:/.*")

  /** A place for any process: a path is seen from `folder`. Python's working directory may be another
    * than that of its JVM.
    */
  def absolute(place: String, folder: String): String =
    if (isUri(place)) place
    else {
      val path = Paths.get(folder).resolve(place).normalize.toString
      if (place.endsWith("/") && !path.endsWith("/")) s"$path/" else path
    }

  /** What was said of the file `path` and of others beside it, said of the place it stands for. */
  def named(text: String, path: String, place: String): String =
    if (path == place || folderOf(path).isEmpty) text
    else text.replace(folderOf(path), folderOf(place))

  /** The path of a place that is on this machine. */
  private def local(place: String): Option[String] =
    if (!isUri(place)) Some(place)
    else if (place.take(5).toLowerCase != "file:") None
    else {
      val rest = place.drop(5) // /path or //authority/path, as Hadoop has it: nothing is escaped
      Some(if (rest.startsWith("//")) rest.drop(2).dropWhile(_ != '/') else rest)
    }

  // A place that ends in a slash stands for files whose names start with nothing.
  private def folderOf(place: String): String = place.take(place.lastIndexOf('/') + 1)
  private def nameOf(place: String): String = place.drop(place.lastIndexOf('/') + 1)

  private def failing[A](what: String)(body: => A): A =
    try body
    catch {
      case e: CaffeException => throw e
      case NonFatal(e)       => throw new CaffeException(Status.IO, s"$what: ${Storage.why(e)}", e)
    }

  private def inTemporary[A](body: LocalPath => A): A = {
    val folder = Files.createTempDirectory("sparknet-")
    try body(folder)
    finally {
      val files = Files.list(folder)
      try files.iterator.asScala.toList.foreach(Files.delete)
      finally files.close()
      Files.delete(folder)
    }
  }
}
