package sparknet.data

import java.io.FileNotFoundException
import java.net.URI

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{FileStatus, FileSystem, Path}
import org.apache.spark.{SparkContext, TaskContext}
import org.apache.spark.rdd.RDD
import org.apache.spark.util.SerializableConfiguration

import sparknet.io.Storage
import sparknet.jna.{CaffeException, Status}

/** Images in tar files, or files of their own, on any file system that Hadoop knows: s3a, hdfs, file. */
object ImageTars {

  /** The files below a folder, at any depth, sorted; a file itself; or the files whose paths start
    * with `uri`, as S3's prefixes do. Names that start with "_" or "." are passed over, with all
    * that is below them. Throws if there is nothing or it may not be read.
    */
  def list(conf: Configuration, uri: String): Seq[URI] = Storage.reading(uri) {
    val path = new Path(uri)
    val fs = path.getFileSystem(conf)
    val found = starting(fs, path, uri).flatMap(status => below(fs, status)).map(_.toUri)
    if (found.isEmpty) throw new CaffeException(Status.IO, s"$uri: there are no files")
    found.sortBy(_.toString)
  }

  /** The labels of a file with lines `path label`, by the last names of the paths. */
  def labels(conf: Configuration, uri: String): Map[String, Int] =
    LabelFile.read(conf, uri).toMap

  /** Streams the files, one after the other in each partition; images stay encoded. What cannot be
    * used is Left; nothing that is wrong in a file is thrown. Files named as images are one each.
    *
    * @param partitions
    *   None: one for each file; else the files are dealt out to as many
    */
  def records(
      sc: SparkContext,
      files: Seq[URI],
      labels: Map[String, Int],
      partitions: Option[Int]
  ): RDD[Either[BadRecord, ImageRecord]] = {
    val known = sc.broadcast(labels)
    records(dealt(sc, files, partitions), name => known.value.get(name))
  }

  /** Files of images with the numbers of their folders for labels. */
  def ofFolders(
      sc: SparkContext,
      files: Seq[URI],
      classes: Map[String, Int],
      partitions: Option[Int]
  ): RDD[Either[BadRecord, ImageRecord]] = {
    val known = sc.broadcast(classes)
    read(dealt(sc, files, partitions), (_, file) => known.value.get(ImageFiles.folderOf(file)))
  }

  /** The same for files that are in an RDD already.
    *
    * @param label
    *   the label of a name; runs in the tasks
    */
  def records(
      files: RDD[URI],
      label: String => Option[Int]
  ): RDD[Either[BadRecord, ImageRecord]] = read(files, (name, _) => label(name))

  /** @param label
    *   of an image's name, and the file that has it
    */
  private def read(
      files: RDD[URI],
      label: (String, URI) => Option[Int]
  ): RDD[Either[BadRecord, ImageRecord]] = {
    val sc = files.sparkContext
    val conf = sc.broadcast(new SerializableConfiguration(sc.hadoopConfiguration))
    files
      .mapPartitions(uris => read(uris, conf.value.value, label))
      .setName("SparkNet: encoded images and bad records")
  }

  /** The files as an RDD, one partition for each, or dealt out to as many as asked for. */
  def dealt(sc: SparkContext, files: Seq[URI], partitions: Option[Int]): RDD[URI] = {
    val dealt = shares(files, partitions)
    val shared = sc.parallelize(dealt, dealt.length).setName("SparkNet: shares of tar files")
    shared.flatMap(identity).setName("SparkNet: tar files")
  }

  /** The files of each partition. */
  private[data] def shares(files: Seq[URI], partitions: Option[Int]): IndexedSeq[Seq[URI]] = {
    partitions.filter(_ < 1).foreach { n =>
      throw new CaffeException(Status.INVALID_ARGUMENT, s"$n partitions: at least 1 is needed")
    }
    val n = partitions.getOrElse(math.max(1, files.length))
    def start(i: Int): Int = (i.toLong * files.length / n).toInt
    (0 until n).map(i => files.slice(start(i), start(i + 1)))
  }

  private def read(
      files: Iterator[URI],
      conf: Configuration,
      label: (String, URI) => Option[Int]
  ): Iterator[Either[BadRecord, ImageRecord]] = {
    var open = Option.empty[TarReader]
    // A task may stop early: first(), take(n), an error further on.
    Option(TaskContext.get()).foreach { task =>
      task.addTaskCompletionListener[Unit](_ => open.foreach(_.close()))
    }
    files.flatMap { uri =>
      if (ImageFiles.isImage(uri))
        Iterator.single(ImageFiles.read(uri, conf, label(ImageFiles.nameOf(uri), uri)))
      else {
        val reader = new TarReader(uri, conf, label(_, uri))
        open = Some(reader)
        reader
      }
    }
  }

  private def starting(fs: FileSystem, path: Path, uri: String): Seq[FileStatus] =
    try Seq(fs.getFileStatus(path))
    catch {
      case missing: FileNotFoundException =>
        if (path.isRoot || uri.endsWith("/")) throw missing
        val siblings =
          try fs.listStatus(path.getParent).toSeq
          catch { case _: FileNotFoundException => throw missing }
        val same = siblings.filter(_.getPath.getName.startsWith(path.getName))
        if (same.isEmpty) throw missing
        same.filterNot(status => hidden(status.getPath.getName))
    }

  private def below(fs: FileSystem, status: FileStatus): Seq[Path] =
    if (status.isFile) Seq(status.getPath)
    else {
      val base = status.getPath.toUri.getPath.stripSuffix("/") + "/"
      val files = fs.listFiles(status.getPath, true)
      val found = Seq.newBuilder[Path]
      while (files.hasNext) {
        val path = files.next().getPath
        if (!path.toUri.getPath.stripPrefix(base).split('/').exists(hidden)) found += path
      }
      found.result()
    }

  private def hidden(name: String): Boolean = name.startsWith("_") || name.startsWith(".")
}
