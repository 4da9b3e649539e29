package sparknet.io

import java.io.{File, FileInputStream, FileNotFoundException, IOException}
import java.util.concurrent.atomic.{AtomicInteger, AtomicLong, AtomicReference}
import java.util.concurrent.{Executors, TimeUnit}

import scala.collection.JavaConverters._
import scala.util.control.NonFatal

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{FileSystem, Path, UnsupportedFileSystemException}
import org.apache.spark.api.java.JavaSparkContext

import sparknet.jna.{CaffeException, Status}

/** Copies local files into a folder of any Hadoop file system, several at a time, in threads of its
  * own. A file is there as a whole or not at all.
  */
final class Uploads private (
    fs: FileSystem,
    target: Path,
    files: Seq[File],
    present: Map[String, Long],
    threads: Int
) extends AutoCloseable {
  private val done = new AtomicLong
  private val copied = new AtomicInteger
  private val failure = new AtomicReference[CaffeException]
  @volatile private var stopped = false
  private val pool = Executors.newFixedThreadPool(threads)

  private def begin(): Unit = {
    files.foreach(file => pool.execute(() => if (!stopped) upload(file)))
    pool.shutdown()
  }

  /** Bytes copied or found there so far, of all files together. */
  def doneBytes: Long = done.get

  /** Files copied so far. */
  def copiedFiles: Int = copied.get

  /** Waits at most so many milliseconds; whether all is done. Throws what stopped the copying: the
    * first file that failed stops those after it.
    */
  def waitFor(milliseconds: Long): Boolean = {
    val finished = pool.awaitTermination(milliseconds, TimeUnit.MILLISECONDS)
    if (finished && failure.get != null) throw failure.get
    finished
  }

  /** Stops what is still running; a file that is not complete leaves nothing behind. */
  override def close(): Unit = {
    stopped = true
    pool.awaitTermination(1, TimeUnit.MINUTES)
    fs.close()
  }

  private def upload(file: File): Unit =
    try {
      if (present.get(file.getName).contains(file.length)) done.addAndGet(file.length)
      else if (copy(file)) copied.incrementAndGet()
      ()
    } catch {
      case NonFatal(e) =>
        stopped = true
        val why = Storage.why(e)
        val said = s"$file could not be copied to $target: $why"
        failure.compareAndSet(null, new CaffeException(Status.IO, said, e))
        ()
    }

  /** False if it was stopped. */
  private def copy(file: File): Boolean = {
    val in = new FileInputStream(file)
    try {
      val out = new WholeFile(fs, WholeFile.in(target, file.getName))
      var complete = false
      try {
        val whole = transfer(in, out)
        if (whole) out.show()
        complete = whole
      } finally if (!complete) out.abandon()
      complete
    } finally in.close()
  }

  private def transfer(in: FileInputStream, out: WholeFile): Boolean = {
    val buffer = new Array[Byte](WholeFile.bufferBytes)
    var count = in.read(buffer)
    while (count >= 0 && !stopped) {
      out.write(buffer, count)
      done.addAndGet(count.toLong)
      count = in.read(buffer)
    }
    count < 0
  }
}

object Uploads {

  /** Begins to copy files to the folder `target`, a URI or a path of the default file system.
    *
    * @param overwrite
    *   whether to copy files that are there with the same length, too
    * @param settings
    *   of Hadoop, on top of those of the context, for instance `fs.s3a.endpoint`
    */
  def start(
      context: JavaSparkContext,
      files: java.util.List[String],
      target: String,
      threads: Int,
      overwrite: Boolean,
      settings: java.util.Map[String, String]
  ): Uploads = {
    val conf = new Configuration(context.sc.hadoopConfiguration)
    settings.asScala.foreach { case (key, value) => conf.set(key, value) }
    start(conf, files.asScala.map(new File(_)).toSeq, target, threads, overwrite)
  }

  private[io] def start(
      conf: Configuration,
      files: Seq[File],
      target: String,
      threads: Int,
      overwrite: Boolean
  ): Uploads = {
    val fs = open(conf, target)
    try {
      // newInstance knows the scheme's class only; a path without a scheme gets the default one.
      val folder = fs.makeQualified(new Path(target))
      fs.setWriteChecksum(false) // Else file: leaves a hidden .crc beside each copy.
      val present = if (overwrite) Map.empty[String, Long] else sizes(fs, folder)
      val uploads = new Uploads(fs, folder, files, present, threads)
      uploads.begin()
      uploads
    } catch {
      case NonFatal(e) =>
        fs.close()
        throw unusable(target, e)
    }
  }

  private def open(conf: Configuration, target: String): FileSystem =
    try {
      val path = new Path(target)
      val uri = if (path.toUri.getScheme == null) FileSystem.getDefaultUri(conf) else path.toUri
      FileSystem.newInstance(uri, conf)
    } catch {
      case e: UnsupportedFileSystemException =>
        throw new CaffeException(Status.INVALID_ARGUMENT, s"$target: ${e.getMessage}", e)
      case NonFatal(e) => throw unusable(target, e)
    }

  private def sizes(fs: FileSystem, folder: Path): Map[String, Long] =
    try {
      val found = fs.listStatus(folder)
      if (found.exists(status => status.isFile && status.getPath == folder))
        throw new IOException("is a file, not a folder")
      found.filter(_.isFile).map(status => status.getPath.getName -> status.getLen).toMap
    } catch { case _: FileNotFoundException => Map.empty }

  private def unusable(target: String, e: Throwable) =
    new CaffeException(Status.IO, s"$target cannot be used: ${Storage.why(e)}", e)
}
