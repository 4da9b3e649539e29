package sparknet.data

import java.util.{List => JavaList, Map => JavaMap}

import scala.collection.JavaConverters._

import org.apache.spark.HashPartitioner
import org.apache.spark.SparkContext
import org.apache.spark.api.java.{JavaRDD, JavaSparkContext}
import org.apache.spark.rdd.RDD
import org.apache.spark.sql.DataFrame
import org.apache.spark.storage.StorageLevel

import sparknet.io.{BulkTransfer, JobProperties, Notices, Options}
import sparknet.jna.{CaffeException, Status}

/** Labelled items spread over a cluster, packed into [[Block]]s and kept there once computed.
  *
  * @param rdd
  *   any number of blocks in each partition
  * @param shape
  *   extents of one item
  * @param maxBadShare
  *   share of the records that may be unusable
  * @param labelling
  *   what comes with each item
  * @param what
  *   they are, in a few words
  * @param notices
  *   what is told of them; the same for items that are dealt out anew
  */
final class Dataset private (
    val rdd: RDD[Block],
    val shape: Array[Int],
    val labelling: Labelling,
    private[sparknet] val maxBadShare: Double,
    recount: Recount,
    what: String,
    private[sparknet] val notices: Notices
) {
  import Dataset.invalid

  private[sparknet] lazy val parts: Array[Part] = {
    val comesWith = labelling // alone: a data set is not sent to tasks
    val counts = rdd.mapPartitionsWithIndex((i, blocks) => Iterator(Part.of(i, blocks, comesWith)))
    val found = described("counting")(counts.setName("SparkNet: counts").collect())
    found.flatMap(_.fault).headOption.foreach { fault =>
      val level = rdd.getStorageLevel
      rdd.unpersist(blocking = true) // what failed may go well when it is asked for again
      persist(level)
      throw fault.thrown
    }
    val leftOut = BadRecords.all(found.toSeq.map(_.leftOut))
    val items = found.map(_.items).sum
    if (leftOut.total > 0) {
      val told = leftOut.leftOutOf(items + leftOut.total)
      if (leftOut.total > maxBadShare * (items + leftOut.total))
        invalid(f"$told. More than ${100 * maxBadShare}%.1f%% of the data are bad (max_bad_share).")
      notices.once("left out")(notices.warn(told))
    }
    recount.expect(found)
    found
  }

  /** Records that could not be used, by reason. */
  def leftOut: BadRecords = BadRecords.all(parts.toSeq.map(_.leftOut))

  /** Number of items. The first call computes the data set and checks it. */
  def count(): Long = parts.map(_.items).sum

  /** Number of items in each partition. */
  def partitionCounts(): Array[Long] = parts.map(_.items)

  /** The mean over all items, row-major; it has the shape of an item. */
  def mean(): Array[Float] = {
    if (count() == 0) invalid("an empty data set has no mean")
    val length = Block.product(shape)
    val each = rdd.mapPartitions(blocks => Iterator(Dataset.sum(blocks, length)))
    val (sums, items) = described("the mean of") {
      each.setName("SparkNet: sums").treeReduce { case ((a, n), (b, m)) =>
        for (i <- a.indices) a(i) += b(i)
        (a, n + m)
      }
    }
    if (items == 0) invalid("none of the items can be read")
    sums.map(s => (s / items).toFloat)
  }

  /** The same items, kept in another way: what of them stays in memory or on the executors' disks;
    * with `StorageLevel.NONE` they are read from their source each time.
    */
  def persist(storage: StorageLevel): Dataset = {
    rdd.unpersist(blocking = false)
    if (storage != StorageLevel.NONE) rdd.persist(storage)
    this
  }

  /** The level by its name, `MEMORY_AND_DISK` for instance. */
  def persist(storage: String): Dataset = persist(Dataset.storageLevel(storage))

  /** The items as [[Block.unpack]] reads them, which is how Python gets them. They are counted first:
    * what is left out would not be noticed any more.
    */
  def packed: JavaRDD[Array[Byte]] = {
    count()
    JavaRDD.fromRDD(rdd.filter(_.size > 0).map(Block.pack).setName(s"SparkNet: $what, packed"))
  }

  /** The same items dealt out evenly to `partitions` partitions, in a fixed order. */
  def repartition(partitions: Int): Dataset = {
    val dealt = rdd.mapPartitionsWithIndex { (from, blocks) =>
      var seen = from // so that the first items of all partitions do not go to the same one
      blocks.zipWithIndex.flatMap { case (block, index) =>
        val pieces = block.deal(partitions, seen)
        seen = (seen + block.size) % partitions
        pieces.iterator.zipWithIndex.collect {
          case (piece, to) if piece.size > 0 || piece.fault.nonEmpty || piece.leftOut.total > 0 =>
            (to, (from, index, piece))
        }
      }
    }
    val gathered = dealt
      .setName("SparkNet: pieces of blocks")
      .partitionBy(new HashPartitioner(partitions))
      .setName("SparkNet: pieces, dealt out")
      .mapPartitions(_.map(_._2).toArray.sortBy(p => (p._1, p._2)).iterator.map(_._3))
      .setName(s"$what, dealt out to $partitions")
    Dataset.kept(gathered, shape, rdd.getStorageLevel, maxBadShare, labelling, notices = notices)
  }

  /** Throws unless every label is a class: a whole number in 0 until `classes`.
    *
    * @param from
    *   the first of the values of each label that are classes
    * @param count
    *   how many of them are
    */
  private[sparknet] def checkLabels(
      classes: Int,
      from: Int = 0,
      count: Int = labelling.count
  ): Unit = {
    def of(p: Part) = p.items == 0 || (p.lowest >= 0 && p.highest < classes && p.whole)
    val doubtful = parts.indices.filterNot(i => of(parts(i))).toSet
    if (doubtful.nonEmpty) {
      val values = labelling.count
      val wrong = rdd.mapPartitionsWithIndex { (p, blocks) =>
        if (doubtful(p)) Part.noClass(blocks, classes, values, from until from + count).map(p -> _)
        else Iterator.empty
      }
      val bad = described("a wrong label in")(wrong.setName("SparkNet: labels").collect())
      for ((partition, (label, record)) <- bad.headOption)
        throw new CaffeException(
          Status.NUMERIC,
          s"label $label of record $record of partition $partition is not one of the net's " +
            s"classes, 0 to ${classes - 1}: they are numbered without gaps, as StringIndexer does it"
        )
    }
  }

  /** Frees the memory that the data takes in the executors. */
  def unpersist(): Unit = {
    rdd.unpersist(blocking = false)
    ()
  }

  private def described[T](doing: String)(jobs: => T): T =
    JobProperties.described(rdd.sparkContext, s"$doing $what")(jobs)
}

object Dataset {

  /** Share of unusable records above which a data set of images is refused. */
  val defaultMaxBadShare = 0.1

  /** From blocks of which each partition may have any number. */
  def apply(blocks: RDD[Block], shape: Array[Int]): Dataset =
    apply(blocks, shape, StorageLevel.MEMORY_AND_DISK, defaultMaxBadShare)

  /** From blocks of items with more or less than one label value each. */
  def apply(blocks: RDD[Block], shape: Array[Int], labelling: Labelling): Dataset =
    kept(blocks, shape, StorageLevel.MEMORY_AND_DISK, defaultMaxBadShare, labelling)

  def apply(
      blocks: RDD[Block],
      shape: Array[Int],
      storage: StorageLevel,
      maxBadShare: Double
  ): Dataset = kept(blocks, shape, storage, maxBadShare)

  /** In Spark's pages they have the name of `blocks`. */
  private def kept(
      blocks: RDD[Block],
      shape: Array[Int],
      storage: StorageLevel,
      maxBadShare: Double,
      labelling: Labelling = Labelling.plain,
      sources: IndexedSeq[String] = IndexedSeq.empty,
      notices: Notices = new Notices(classOf[Dataset])
  ): Dataset = {
    if (shape.isEmpty || shape.exists(_ <= 0))
      invalid(s"an item cannot have the shape (${shape.mkString(", ")})")
    if (!(maxBadShare >= 0 && maxBadShare <= 1))
      invalid(s"a share of bad records is a number from 0 to 1, not $maxBadShare")
    val recount = new Recount(sources)
    val checked = blocks.mapPartitionsWithIndex(
      (partition, found) => recount.checked(partition, Fault.caught(shape, found)),
      preservesPartitioning = true
    )
    val what = Option(blocks.name).getOrElse("data")
    checked.setName(s"SparkNet: $what")
    new Dataset(checked, shape, labelling, maxBadShare, recount, what, notices).persist(storage)
  }

  /** From encoded images, resized to 3 x height x width.
    *
    * @param keepEncoded
    *   false: they are decoded once and kept as bytes; true: they are kept as they are, which takes
    *   less memory, and decoded whenever they are trained on. What can be seen to be no image is left
    *   out at once, what is broken inside when it is met.
    */
  def fromImages(
      records: RDD[Either[BadRecord, ImageRecord]],
      height: Int,
      width: Int,
      keepEncoded: Boolean = false,
      storage: StorageLevel = StorageLevel.MEMORY_AND_DISK,
      maxBadShare: Double = defaultMaxBadShare
  ): Dataset = {
    val shape = Array(3, height, width)
    kept(ImagePacker.blocks(records, shape, keepEncoded), shape, storage, maxBadShare)
  }

  /** From images on any file system that Hadoop knows, in tar files or files of their own (.jpg, .jpeg,
    * .png, .gif, .bmp).
    *
    * @param images
    *   URI of a folder, of a file, or the start of several files' URIs
    * @param labels
    *   URI of a file with lines `path label`; null: the class of an image is the number of the folder
    *   that it lies in, in the order of the folders' names
    * @param options
    *   `height` and `width` of the images (256), `encoded` (false: kept decoded), `storage` (a
    *   StorageLevel's name), `max_bad_share` and `partitions` (by default one for each tar, and for
    *   files of images as many as Spark's default parallelism)
    */
  def fromImageFiles(
      sc: JavaSparkContext,
      images: String,
      labels: String,
      options: JavaMap[String, Object]
  ): Dataset = {
    val chosen =
      new Options(options, "height", "width", "encoded", "storage", "max_bad_share", "partitions")
    val conf = sc.hadoopConfiguration()
    val files = ImageTars.list(conf, images)
    val alone = files.count(ImageFiles.isImage)
    val few = files.length - alone + math.min(alone, sc.defaultParallelism)
    val partitions = Some(chosen.int("partitions", few))
    val records =
      if (labels != null)
        ImageTars.records(sc.sc, files, ImageTars.labels(conf, labels), partitions)
      else ImageTars.ofFolders(sc.sc, files, ImageFiles.classes(images, files), partitions)
    val shape = Array(3, chosen.int("height", 256), chosen.int("width", 256))
    val blocks = ImagePacker.blocks(records, shape, chosen.boolean("encoded", default = false))
    kept(
      blocks.setName(s"images of $images"),
      shape,
      storageLevel(chosen.string("storage", "MEMORY_AND_DISK")),
      chosen.double("max_bad_share", defaultMaxBadShare),
      sources = ImageTars.shares(files, partitions).map(named)
    )
  }

  /** From items of values 0..255 with their classes. */
  def fromExamples(examples: RDD[(Array[Byte], Int)], shape: Array[Int]): Dataset =
    apply(
      examples
        .mapPartitionsWithIndex((i, records) =>
          Packer.ofBytes(i, records.map { case (item, label) => (item, label.toFloat) }, shape)
        )
        .setName("examples"),
      shape
    )

  def fromFloatExamples(examples: RDD[(Array[Float], Int)], shape: Array[Int]): Dataset =
    apply(
      examples
        .mapPartitionsWithIndex((i, records) =>
          Packer.ofFloats(i, records.map { case (item, label) => (item, label.toFloat) }, shape)
        )
        .setName("examples"),
      shape
    )

  /** From packed items as [[Block.unpack]] reads them, which is how Python sends them. */
  def fromPacked(packed: JavaRDD[Array[Byte]], shape: Array[Int]): Dataset =
    apply(
      packed.rdd
        .mapPartitionsWithIndex((i, pieces) =>
          pieces.map { piece =>
            try Block.unpack(piece, shape)
            catch {
              case e: CaffeException =>
                Block.faulty(shape, Fault.ofData(s"partition $i: ${e.getMessage}"))
            }
          }
        )
        .setName("items of Python"),
      shape
    )

  /** From files of packed items of this machine, one for each partition, which are deleted: how Python
    * sends arrays of its own.
    */
  def fromPackedFiles(
      sc: JavaSparkContext,
      files: JavaList[String],
      shape: Array[Int]
  ): Dataset = {
    val blocks =
      files.asScala.iterator.map(file => Block.unpack(BulkTransfer.readBytes(file), shape))
    ofDriver(sc.sc, blocks.map(Seq(_)), shape, "arrays of Python")
  }

  /** What the driver has, as partitions. Each is a broadcast: as part of tasks data would go to the
    * executors with every task, and break Spark's limit on the size of a message. Executors that
    * replace lost ones get them again.
    */
  private def ofDriver(
      sc: SparkContext,
      parts: Iterator[Seq[Block]],
      shape: Array[Int],
      what: String
  ): Dataset = {
    val shares = parts.map(part => sc.broadcast(part)).toIndexedSeq
    val numbers = sc.parallelize(shares.indices, shares.length).setName("numbers of partitions")
    apply(numbers.flatMap(shares(_).value).setName(what), shape)
  }

  /** From a column of items and one of numeric labels.
    *
    * @param features
    *   arrays of numbers, vectors of Spark ML, bytes (values 0..255) or images
    */
  def fromDataFrame(
      table: DataFrame,
      features: String,
      label: String,
      shape: Array[Int]
  ): Dataset = fromColumns(table, Seq(features -> shape), Some(label), 1, None)

  /** From one or several columns of items.
    *
    * @param features
    *   columns of numbers, arrays of numbers, vectors of Spark ML, bytes (values 0..255) or images:
    *   encoded, as `spark.read.format("image")` has them, or their paths. What several columns hold
    *   becomes one item, one after the other.
    * @param shapes
    *   of what each of them holds; an empty one for a number; images are resized to theirs,
    *   3 x height x width
    * @param label
    *   a column of numbers, arrays or vectors; null: items have no labels
    * @param options
    *   `label_size`: values of each label (1); `weight`: a column of weights; `handle_invalid`: "error"
    *   (what is wrong with a row is that of the data set) or "skip" (it is left out and counted);
    *   `max_bad_share` of the rows that may be left out (all); `storage` (a StorageLevel's name)
    */
  def fromDataFrame(
      table: DataFrame,
      features: JavaList[String],
      shapes: JavaList[Array[Int]],
      label: String,
      options: JavaMap[String, Object]
  ): Dataset = {
    val chosen =
      new Options(options, "label_size", "weight", "handle_invalid", "max_bad_share", "storage")
    if (features.size != shapes.size)
      invalid(s"${features.size} columns of items have ${shapes.size} shapes")
    val columns = features.asScala.toSeq.zip(shapes.asScala).map { case (name, shape) =>
      name -> (if (shape.isEmpty) null else shape)
    }
    fromColumns(
      table,
      columns,
      Option(label),
      chosen.int("label_size", 1),
      Option(chosen.string("weight", null)),
      chosen.string("handle_invalid", "error") match {
        case "error" => false
        case "skip"  => true
        case other   => invalid(s"handle_invalid is 'error' or 'skip', not '$other'")
      },
      chosen.double("max_bad_share", 1),
      storageLevel(chosen.string("storage", "MEMORY_AND_DISK"))
    )
  }

  /** From columns as [[RowItems]] takes them.
    *
    * @param skip
    *   whether rows that cannot be used are left out
    * @param bgr
    *   whether images become planes blue, green, red
    * @param marks
    *   which of the rows are meant; None: all
    */
  private[sparknet] def fromColumns(
      table: DataFrame,
      columns: Seq[(String, Array[Int])],
      label: Option[String],
      labelCount: Int,
      weight: Option[String],
      skip: Boolean = false,
      maxBadShare: Double = 1,
      storage: StorageLevel = StorageLevel.MEMORY_AND_DISK,
      bgr: Boolean = false,
      marks: Option[Marks] = None
  ): Dataset = {
    val (blocks, items) =
      Columns.blocks(table, columns, label, labelCount, weight, skip, bgr, marks)
    val names = named(columns.map(_._1))
    blocks.setName(s"column${if (columns.length > 1) "s" else ""} $names of a DataFrame")
    kept(blocks, items.shape, storage, maxBadShare, items.labelling)
  }

  /** CIFAR-10 from a folder with its binary files, which the driver reads.
    *
    * @param folder
    *   a path of the driver's machine, or a URI that Hadoop knows
    * @param train
    *   true: the 50,000 training images; false: the 10,000 test images
    */
  def cifar(sc: SparkContext, folder: String, train: Boolean, partitions: Int): Dataset = {
    val files = CifarFiles.read(sc.hadoopConfiguration, folder, train).map(_.deal(partitions, 0))
    val parts = (0 until partitions).iterator.map(part => files.map(_(part)))
    ofDriver(sc, parts, CifarFiles.shape, s"CIFAR-10's ${if (train) "training" else "test"} images")
  }

  def cifar(sc: JavaSparkContext, folder: String, train: Boolean, partitions: Int): Dataset =
    cifar(sc.sc, folder, train, partitions)

  private def named(files: Seq[Any]): String =
    files.take(3).mkString(", ") + (if (files.length > 3) ", ..." else "")

  private def storageLevel(name: String): StorageLevel =
    try StorageLevel.fromString(name)
    catch {
      case _: IllegalArgumentException =>
        invalid(
          s"there is no storage level '$name'; there are MEMORY_AND_DISK, MEMORY_ONLY, " +
            "MEMORY_AND_DISK_SER, DISK_ONLY, NONE and others of Spark's StorageLevel"
        )
    }

  /** The sum of all items that can be decoded, and their number. */
  private def sum(blocks: Iterator[Block], length: Int): (Array[Double], Long) = {
    val sums = new Array[Double](length)
    val item = new Array[Float](length)
    var items = 0L
    for (block <- blocks; i <- 0 until block.size)
      try {
        block.copyItem(i, item)
        items += 1
        var j = 0
        while (j < length) {
          sums(j) += item(j)
          j += 1
        }
      } catch { case _: BadItem => () } // counted when it is trained on
    (sums, items)
  }

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
