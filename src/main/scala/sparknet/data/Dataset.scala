package sparknet.data

import org.apache.spark.HashPartitioner
import org.apache.spark.SparkContext
import org.apache.spark.api.java.{JavaRDD, JavaSparkContext}
import org.apache.spark.rdd.RDD
import org.apache.spark.sql.DataFrame
import org.apache.spark.storage.StorageLevel

import sparknet.jna.{CaffeException, Status}

/** Labelled items spread over a cluster, packed into [[Block]]s and kept there once computed.
  *
  * @param rdd
  *   any number of blocks in each partition
  * @param shape
  *   extents of one item
  */
final class Dataset private (val rdd: RDD[Block], val shape: Array[Int]) {
  import Dataset.Part

  private lazy val parts: Array[Part] = {
    val found = rdd
      .mapPartitionsWithIndex((i, blocks) => Iterator(Dataset.inspect(i, blocks)))
      .collect()
    found.flatMap(_.fault).headOption.foreach { fault =>
      throw new CaffeException(Status.INVALID_ARGUMENT, s"bad data: $fault")
    }
    found
  }

  /** Number of items. The first call computes the data set and checks it. */
  def count(): Long = parts.map(_.items).sum

  /** Number of items in each partition. */
  def partitionCounts(): Array[Long] = parts.map(_.items)

  /** The mean over all items, row-major; it has the shape of an item. */
  def mean(): Array[Float] = {
    val items = count()
    if (items == 0)
      throw new CaffeException(Status.INVALID_ARGUMENT, "an empty data set has no mean")
    val length = Block.product(shape)
    val sums = rdd
      .mapPartitions(blocks => Iterator(Dataset.sum(blocks, length)))
      .treeReduce { (a, b) =>
        for (i <- a.indices) a(i) += b(i)
        a
      }
    sums.map(s => (s / items).toFloat)
  }

  /** The same items dealt out evenly to `partitions` partitions, in a fixed order. */
  def repartition(partitions: Int): Dataset = {
    val dealt = rdd.mapPartitionsWithIndex { (from, blocks) =>
      var seen = from // so that the first items of all partitions do not go to the same one
      blocks.zipWithIndex.flatMap { case (block, index) =>
        val pieces = block.deal(partitions, seen)
        seen = (seen + block.size) % partitions
        pieces.iterator.zipWithIndex.collect {
          case (piece, to) if piece.size > 0 || piece.fault.nonEmpty => (to, (from, index, piece))
        }
      }
    }
    val gathered = dealt
      .partitionBy(new HashPartitioner(partitions))
      .mapPartitions(_.map(_._2).toArray.sortBy(p => (p._1, p._2)).iterator.map(_._3))
    Dataset(gathered, shape)
  }

  /** Throws unless every label is a class: a whole number in 0 until `classes`. */
  private[sparknet] def checkLabels(classes: Int): Unit =
    parts.zipWithIndex.foreach { case (part, i) =>
      if (part.items > 0 && !(part.lowest >= 0 && part.highest < classes && part.whole)) {
        val bad = rdd
          .mapPartitionsWithIndex((p, blocks) =>
            if (p == i)
              blocks
                .flatMap(_.labels)
                .zipWithIndex
                .filterNot { case (label, _) =>
                  label >= 0 && label < classes && label == math.rint(label.toDouble)
                }
                .take(1)
            else Iterator.empty
          )
          .collect()
        throw new CaffeException(
          Status.NUMERIC,
          bad.headOption.fold(s"a label in partition $i is not a class") { case (label, record) =>
            s"label $label of record $record of partition $i is not one of the net's classes, " +
              s"0 to ${classes - 1}"
          }
        )
      }
    }

  /** Frees the memory that the data takes in the executors. */
  def unpersist(): Unit = {
    rdd.unpersist(blocking = false)
    ()
  }
}

object Dataset {

  /** From blocks of which each partition may have any number. */
  def apply(blocks: RDD[Block], shape: Array[Int]): Dataset = {
    if (shape.isEmpty || shape.exists(_ <= 0))
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"an item cannot have the shape (${shape.mkString(", ")})"
      )
    new Dataset(blocks.persist(StorageLevel.MEMORY_AND_DISK), shape)
  }

  /** From items of values 0..255 with their classes. */
  def fromExamples(examples: RDD[(Array[Byte], Int)], shape: Array[Int]): Dataset =
    apply(
      examples.mapPartitionsWithIndex((i, records) =>
        Packer.ofBytes(i, records.map { case (item, label) => (item, label.toFloat) }, shape)
      ),
      shape
    )

  def fromFloatExamples(examples: RDD[(Array[Float], Int)], shape: Array[Int]): Dataset =
    apply(
      examples.mapPartitionsWithIndex((i, records) =>
        Packer.ofFloats(i, records.map { case (item, label) => (item, label.toFloat) }, shape)
      ),
      shape
    )

  /** From packed items as [[Block.unpack]] reads them, which is how Python sends them. */
  def fromPacked(packed: JavaRDD[Array[Byte]], shape: Array[Int]): Dataset =
    apply(
      packed.rdd.mapPartitionsWithIndex((i, pieces) =>
        pieces.map { piece =>
          try Block.unpack(piece, shape)
          catch {
            case e: CaffeException => Block.faulty(shape, s"partition $i: ${e.getMessage}")
          }
        }
      ),
      shape
    )

  /** From a column of items and one of numeric labels.
    *
    * @param features
    *   arrays of numbers, vectors of Spark ML, or binary (values 0..255)
    */
  def fromDataFrame(
      table: DataFrame,
      features: String,
      label: String,
      shape: Array[Int]
  ): Dataset = apply(Columns.blocks(table, features, label, shape), shape)

  /** CIFAR-10 from a folder with its binary files, which the driver reads.
    *
    * @param train
    *   true: the 50,000 training images; false: the 10,000 test images
    */
  def cifar(sc: SparkContext, folder: String, train: Boolean, partitions: Int): Dataset = {
    val files = CifarFiles.read(folder, train).map(_.deal(partitions, 0))
    // A broadcast for each partition: as part of a task the data would break Spark's limit on
    // the size of a message. Executors that replace lost ones get them again.
    val shares = (0 until partitions).map(part => sc.broadcast(files.map(_(part))))
    val blocks = sc.parallelize(0 until partitions, partitions).flatMap(shares(_).value)
    apply(blocks, CifarFiles.shape)
  }

  def cifar(sc: JavaSparkContext, folder: String, train: Boolean, partitions: Int): Dataset =
    cifar(sc.sc, folder, train, partitions)

  /** What is worth knowing of a partition before it is trained on. */
  private final case class Part(
      items: Long,
      lowest: Float,
      highest: Float,
      whole: Boolean,
      fault: Option[String]
  )

  private def inspect(partition: Int, blocks: Iterator[Block]): Part = {
    var part = Part(0, Float.PositiveInfinity, Float.NegativeInfinity, whole = true, None)
    for (block <- blocks if part.fault.isEmpty) {
      val labels = block.labels
      val unusable = labels.indexWhere(label => label.isNaN || label.isInfinite)
      val fault = block.fault.orElse {
        if (unusable < 0) None
        else
          Some(
            s"record ${part.items + unusable} of partition $partition has the label " +
              s"${labels(unusable)}"
          )
      }
      part = Part(
        part.items + block.size,
        labels.foldLeft(part.lowest)(math.min),
        labels.foldLeft(part.highest)(math.max),
        part.whole && labels.forall(label => label == math.rint(label.toDouble)),
        fault
      )
    }
    part
  }

  private def sum(blocks: Iterator[Block], length: Int): Array[Double] = {
    val sums = new Array[Double](length)
    val item = new Array[Float](length)
    for (block <- blocks; i <- 0 until block.size) {
      block.copyItem(i, item)
      var j = 0
      while (j < length) {
        sums(j) += item(j)
        j += 1
      }
    }
    sums
  }
}
