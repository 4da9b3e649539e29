package sparknet.io

import java.io.{ByteArrayInputStream, ByteArrayOutputStream, FileNotFoundException, InputStream}
import java.nio.ByteBuffer
import java.nio.charset.StandardCharsets
import java.util.Properties
import java.util.zip.CRC32

import scala.collection.JavaConverters._
import scala.util.control.NonFatal

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{FileSystem, LocalFileSystem, Path}

import sparknet.jna.{CaffeException, FloatMemory, Status}

/** Checkpoints of a run, on any Hadoop file system: `<folder>/iter_<n>/`, of which the last few are kept.
  *
  * Each has files of little-endian float32 and, written last, `checkpoint.properties` with notes and the
  * length and CRC-32 of every file, its own notes included. One that lacks it, or does not agree with it,
  * is not whole, and the one before is taken. One of an iteration of which there is one already has a
  * number, `iter_<n>_<k>`, and the other goes once it is whole.
  *
  * @param place
  *   a path of this machine or a URI
  * @param keep
  *   how many are kept, at least 1
  */
private[sparknet] final class CheckpointFolder(conf: Configuration, place: String, keep: Int) {
  import CheckpointFolder._

  if (keep < 1)
    throw new CaffeException(
      Status.INVALID_ARGUMENT,
      s"at least 1 checkpoint has to be kept, not $keep"
    )

  private val folder = Storage.reading(place) {
    if (Places.isUri(place)) new Path(place) else new Path(new java.io.File(place).toURI)
  }

  private val fs: FileSystem = Storage.reading(place) {
    folder.getFileSystem(conf) match {
      case local: LocalFileSystem => local.getRaw // checksums are our own here
      case other                  => other
    }
  }

  /** Throws unless checkpoints can be written. */
  def probe(): Unit = failing(s"checkpoints in '$place' cannot be written") {
    fs.mkdirs(folder)
    val file = WholeFile.in(folder, s".${System.nanoTime}.probe")
    val out = fs.create(file, false)
    try out.write(0)
    finally out.close()
    fs.delete(file, false)
    ()
  }

  /** Writes a checkpoint; it is there as a whole or not at all.
    *
    * @param write
    *   writes its files
    * @return
    *   its place
    */
  def write(iteration: Long, notes: Map[String, String])(write: Writer => Unit): String = {
    val own = failing(s"checkpoints in '$place' cannot be written")(free(iteration))
    failing(s"$own cannot be written") {
      fs.mkdirs(own)
      val writer = new Writer(own)
      try {
        write(writer)
        writer.finish(notes)
      } catch {
        case e: Throwable =>
          try fs.delete(own, true)
          catch { case NonFatal(_) => () } // what failed before is the error to tell
          throw e
      }
      removeOld()
      own.toString
    }
  }

  /** The checkpoints there are, the newest first. */
  def all: Seq[Checkpoint] =
    failing(s"checkpoints in '$place' cannot be read")(numbered.map(new Checkpoint(_)))

  /** Writes the files of one checkpoint. */
  final class Writer private[CheckpointFolder] (own: Path) {
    private var sums = Map.empty[String, String]

    def floats(name: String, values: FloatMemory): Unit = {
      val bytes = values.bytes(0, values.count)
      put(name, Iterator.continually(next(bytes)).takeWhile(_.nonEmpty))
    }

    private[CheckpointFolder] def finish(notes: Map[String, String]): Unit = {
      val all = notes ++ sums.map { case (name, sum) => s"$fileKey$name" -> sum }
      val properties = new Properties
      (all + (checkKey -> checkOf(all))).foreach { case (key, value) =>
        properties.setProperty(key, value)
      }
      val text = new ByteArrayOutputStream
      properties.store(text, "SparkNet checkpoint")
      put(notesFile, Iterator(text.toByteArray))
    }

    private def next(bytes: ByteBuffer): Array[Byte] = {
      val chunk = new Array[Byte](math.min(WholeFile.bufferBytes, bytes.remaining))
      bytes.get(chunk)
      chunk
    }

    private def put(name: String, chunks: Iterator[Array[Byte]]): Unit =
      failing(s"$own/$name cannot be written")(whole(name, chunks))

    private def whole(name: String, chunks: Iterator[Array[Byte]]): Unit = {
      val crc = new CRC32
      var length = 0L
      val file = new WholeFile(fs, WholeFile.in(own, name))
      try {
        for (chunk <- chunks) {
          crc.update(chunk)
          length += chunk.length
          file.write(chunk, chunk.length)
        }
        file.show()
      } catch {
        case e: Throwable =>
          file.abandon()
          throw e
      }
      sums += name -> s"$length ${crc.getValue}"
    }
  }

  /** A checkpoint to read. What is not as it was written throws a CaffeException that names it. */
  final class Checkpoint private[CheckpointFolder] (own: Path) {
    def place: String = own.toString

    /** Notes by name. */
    lazy val notes: Map[String, String] = {
      val properties = new Properties
      val bytes = reading(notesFile)(_.readAllBytes())
      try properties.load(new ByteArrayInputStream(bytes))
      catch { case e: IllegalArgumentException => damaged(notesFile, e.getMessage) }
      val found = properties.asScala.toMap
      if (!found.get(checkKey).contains(checkOf(found - checkKey)))
        damaged(notesFile, "its content is not what was written")
      found - checkKey
    }

    def note(name: String): String =
      notes.getOrElse(name, damaged(notesFile, s"it says nothing of $name"))

    def has(name: String): Boolean = notes.contains(fileKey + name)

    /** Reads a file, whose length must be that of `into`. */
    def floats(name: String, into: FloatMemory): Unit = reading(name) { in =>
      val crc = new CRC32
      val bytes = into.bytes(0, into.count)
      val chunk = new Array[Byte](WholeFile.bufferBytes)
      var length = 0L
      for (n <- Iterator.continually(in.read(chunk)).takeWhile(_ >= 0)) {
        if (n > bytes.remaining) damaged(name, s"it has more than ${into.count} values")
        crc.update(chunk, 0, n)
        bytes.put(chunk, 0, n)
        length += n
      }
      val written = note(fileKey + name)
      if (s"$length ${crc.getValue}" != written || bytes.hasRemaining)
        damaged(
          name,
          s"its $length bytes are not the ${written.takeWhile(_ != ' ')} that were written"
        )
    }

    private def reading[A](name: String)(body: InputStream => A): A =
      try {
        val in = fs.open(WholeFile.in(own, name))
        try body(in)
        finally in.close()
      } catch {
        case e: CaffeException        => throw e
        case _: FileNotFoundException => damaged(name, "there is no such file")
        case NonFatal(e)              => damaged(name, Storage.why(e))
      }

    private def damaged(name: String, why: String): Nothing =
      throw new CaffeException(Status.IO, s"$own/$name: $why")
  }

  /** Where the next one of an iteration goes. */
  private def free(iteration: Long): Path = {
    val same = numbered.filter(number(_).exists(_._1 == iteration))
    val (whole, cut) = same.partition(isWhole)
    cut.foreach(fs.delete(_, true)) // of a run that was cut off here
    val taken = whole.flatMap(number(_)).map(_._2)
    WholeFile.in(folder, s"$prefix$iteration" + (if (taken.isEmpty) "" else s"_${taken.max + 1}"))
  }

  private def isWhole(own: Path): Boolean = fs.exists(WholeFile.in(own, notesFile))

  /** The newest first. */
  private def numbered: Seq[Path] =
    try
      fs.listStatus(folder)
        .toSeq
        .filter(status => status.isDirectory && number(status.getPath).nonEmpty)
        .map(_.getPath)
        .sortBy(path => number(path).get)
        .reverse
    catch { case _: FileNotFoundException => Nil }

  /** The iteration of a checkpoint, and which of it that is. */
  private def number(path: Path): Option[(Long, Int)] = path.getName match {
    case CheckpointFolder.name(iteration, null) => Some((iteration.toLong, 0))
    case CheckpointFolder.name(iteration, k)    => Some((iteration.toLong, k.toInt))
    case _                                      => None
  }

  /** Those that are not whole do not count as kept, and go with the old ones. */
  private def removeOld(): Unit = {
    val all = numbered
    val newest = all.filter(isWhole).groupBy(number(_).get._1).values.map(_.head).toSeq
    val kept = newest.sortBy(number(_).get).takeRight(keep).toSet
    all.filterNot(kept).foreach(fs.delete(_, true))
  }

  private def failing[A](what: String)(body: => A): A =
    try body
    catch {
      case e: CaffeException => throw e
      case NonFatal(e)       => throw new CaffeException(Status.IO, s"$what: ${Storage.why(e)}", e)
    }
}

private[sparknet] object CheckpointFolder {
  private val prefix = "iter_"
  private val name = s"$prefix(\\d{1,18})(?:_(\\d{1,9}))?".r
  private val notesFile = "checkpoint.properties"
  private val fileKey = "file."
  private val checkKey = "check"

  private def checkOf(notes: Map[String, String]): String = {
    val crc = new CRC32
    for ((key, value) <- notes.toSeq.sorted)
      crc.update(s"$key=$value\n".getBytes(StandardCharsets.UTF_8))
    crc.getValue.toString
  }
}
