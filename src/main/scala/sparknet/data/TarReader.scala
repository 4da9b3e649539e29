package sparknet.data

import java.io.{BufferedInputStream, Closeable, FilterInputStream, IOException, InputStream}
import java.net.URI
import java.util.concurrent.locks.ReentrantLock

import scala.util.control.NonFatal

import org.apache.commons.compress.archivers.tar.{TarArchiveEntry, TarArchiveInputStream}
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream
import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.Path
import org.apache.spark.TaskContext

/** The files of one tar or tar.gz, in its order, one at a time in memory.
  *
  * Bad content is a result, not an exception: what could be read before it is used. A storage that
  * fails is a [[StorageException]]. Folders and files whose names start with a dot are passed over.
  *
  * @param label
  *   the label of a file's name without folders
  */
private[data] final class TarReader(uri: URI, conf: Configuration, label: String => Option[Int])
    extends Iterator[Either[BadRecord, ImageRecord]]
    with Closeable {
  import TarReader._

  private val path = new Path(uri)
  private val reading = new ReentrantLock
  @volatile private var closed = false
  private var source: Option[Source] = None
  private var tar: Option[Tar] = None
  private var entries = 0
  private var ended = false
  private var upcoming: Option[Either[BadRecord, ImageRecord]] = None

  override def hasNext: Boolean = {
    while (upcoming.isEmpty && !ended) upcoming = advance()
    upcoming.nonEmpty
  }

  override def next(): Either[BadRecord, ImageRecord] = {
    if (!hasNext) Iterator.empty.next()
    val result = upcoming.get
    upcoming = None
    result
  }

  /** Closes the file. While another thread reads it, which may wait for a storage that never answers,
    * it is left to that thread.
    */
  override def close(): Unit = {
    closed = true
    if (reading.tryLock())
      try end()
      finally reading.unlock()
  }

  private def end(): Unit = {
    ended = true
    try source.foreach(_.close())
    catch { case NonFatal(_) => } // Nothing more is read from it.
    source = None
    tar = None
  }

  /** One step forward; None for an entry that is no file, and at the end. */
  private def advance(): Option[Either[BadRecord, ImageRecord]] = {
    reading.lock()
    try step()
    finally {
      reading.unlock()
      if (closed) close()
    }
  }

  private def step(): Option[Either[BadRecord, ImageRecord]] =
    try {
      val from = tar.getOrElse(open())
      Option(from.getNextEntry.asInstanceOf[TarArchiveEntry]) match {
        case Some(entry) =>
          if (!entry.isCheckSumOK) Some(broken())
          else {
            entries += 1
            record(from, entry)
          }
        case None =>
          val early = from.endsEarly
          val nothing = from.getBytesRead == 0
          checkLength()
          end()
          if (nothing) Some(Left(BadRecord(BadRecord.emptyFile, uri.toString)))
          else if (early) Some(truncated())
          else None
      }
    } catch {
      case failure: StorageException => throw failure
      case NonFatal(thrown)          =>
        // A task that Spark has cancelled ends; it is not the file's fault.
        if (Option(TaskContext.get()).exists(_.isInterrupted())) throw thrown
        Some(failed(thrown))
    }

  private def open(): Tar = {
    val opened =
      try new Source(path.getFileSystem(conf).open(path))
      catch { case NonFatal(e) => throw new Unopened(e) }
    source = Some(opened)
    val buffered = new BufferedInputStream(opened, bufferBytes)
    buffered.mark(2)
    val zipped = buffered.read() == 0x1f && buffered.read() == 0x8b
    buffered.reset()
    val made = new Tar(if (zipped) new GzipCompressorInputStream(buffered, true) else buffered)
    tar = Some(made)
    made
  }

  private def record(from: Tar, entry: TarArchiveEntry): Option[Either[BadRecord, ImageRecord]] = {
    val name = entry.getName.substring(entry.getName.lastIndexOf('/') + 1)
    def bad(reason: String) = Some(Left(BadRecord(reason, name)))
    if (entry.isDirectory || name.startsWith(".")) None
    else
      label(name) match {
        case None                                            => bad(BadRecord.noLabel)
        case Some(_) if entry.isLink || entry.isSymbolicLink => bad(BadRecord.link)
        case Some(_) if entry.getSize == 0                   => bad(BadRecord.emptyFile)
        case Some(_) if entry.getSize > maxBytes             => bad(BadRecord.tooLarge)
        // In steps: a size that a damaged header claims may not fit into memory.
        case Some(number) =>
          Some(Right(ImageRecord(name, from.readNBytes(entry.getSize.toInt), number)))
      }
  }

  private def failed(thrown: Throwable): Left[BadRecord, ImageRecord] = {
    val bySource = source.flatMap(_.failure)
    val cut = source.exists(_.atEnd)
    if (bySource.isEmpty) checkLength()
    end()
    (thrown, bySource) match {
      case (unopened: Unopened, _) => unreadable(unopened.getCause)
      case (_, Some(failure))      => unreadable(failure)
      case _                       => if (cut) truncated() else broken()
    }
  }

  private def truncated(): Left[BadRecord, ImageRecord] =
    if (entries == 0) broken() else Left(BadRecord(BadRecord.truncatedTar, uri.toString))

  private def broken(): Left[BadRecord, ImageRecord] = {
    end()
    Left(BadRecord(if (entries == 0) BadRecord.notATar else BadRecord.damagedTar, uri.toString))
  }

  private def unreadable(why: Throwable): Left[BadRecord, ImageRecord] =
    Left(ImageFiles.unreadable(uri, conf, why))

  /** A storage may end a file early when it fails. */
  private def checkLength(): Unit = for (ended <- source if ended.atEnd) {
    val length =
      try path.getFileSystem(conf).getFileStatus(path).getLen
      catch { case NonFatal(e) => throw new StorageException(ImageFiles.told(uri, e), e) }
    if (ended.count < length)
      throw new StorageException(s"$uri ended after ${ended.count} of $length bytes", null)
  }
}

private object TarReader {
  private val bufferBytes = 1 << 17
  private val recordBytes = 512
  private val maxBytes = Int.MaxValue - 8

  private final class Unopened(cause: Throwable) extends IOException(cause)

  /** Tells failures of the storage from those of what reads its content. */
  private final class Source(in: InputStream) extends FilterInputStream(in) {
    var failure: Option[Throwable] = None
    var atEnd = false
    var count = 0L

    override def read(): Int = noting(in.read())(_ => 1)

    override def read(into: Array[Byte], offset: Int, length: Int): Int =
      noting(in.read(into, offset, length))(identity)

    private def noting(read: => Int)(bytes: Int => Int): Int =
      try {
        val got = read
        if (got < 0) atEnd = true
        else count += bytes(got)
        got
      } catch {
        case NonFatal(e) =>
          failure = Some(e)
          throw e
      }
  }

  private final class Tar(in: InputStream)
      extends TarArchiveInputStream(in, recordBytes * 20, recordBytes, "UTF-8", true) {

    /** Whether the file's end came within a header. */
    var endsEarly = false

    override protected def isEOFRecord(record: Array[Byte]): Boolean = {
      if (record == null && getBytesRead % recordBytes != 0) endsEarly = true
      super.isEOFRecord(record)
    }
  }
}
