package sparknet.train

import org.apache.spark.rdd.RDD
import org.apache.spark.storage.StorageLevel

import sparknet.data.{Augmentation, BadRecords, Block, Dataset, Preprocessing}
import sparknet.jna.{CaffeException, Status}

/** How a task gets minibatches out of a worker's items.
  *
  * @param shape
  *   extents of an item as it lies in the data set
  * @param window
  *   items that may be in memory at a time
  * @param maxBadShare
  *   share of them that may turn out to be unusable
  */
private[train] final case class Supply(
    shape: Array[Int],
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    window: Long,
    maxBadShare: Double
)

/** A data set as the workers see it: a portion for each, spread over the executors. */
private[train] final class WorkerData(
    given: Dataset,
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    workers: Int,
    executors: Executors
) {
  private lazy val wholePartitions = Portion.of(given.parts.map(_.blocks), workers)
  private lazy val data = if (wholePartitions.nonEmpty) given else given.repartition(workers)
  private lazy val portions: IndexedSeq[Portion] =
    wholePartitions.getOrElse(Portion.of(data.parts.map(_.blocks), workers).get)
  private var placed: Option[RDD[Block]] = None
  private var sent = Option.empty[(RDD[Block], HostItems)]

  def count: Long = data.count()

  /** Records that could not be used when the items were counted. */
  def leftOut: BadRecords = given.leftOut

  /** Items of each worker. */
  def portionSizes: Array[Long] = portions.map(_.items).toArray

  /** @param windowBytes
    *   of items that each worker may have in memory at a time
    */
  def supply(windowBytes: Long): Supply = {
    val all = math.max(1L, data.parts.map(_.bytes).sum)
    val window = math.max(1L, (windowBytes.toDouble * count / all).toLong)
    Supply(data.shape, preprocessing, augmentation, window, given.maxBadShare)
  }

  /** Throws unless the items suit the net's input. */
  def check(input: NetInput, classes: Option[Int]): Unit = {
    val shape = augmentation.output(data.shape)
    if (!shape.sameElements(input.itemShape) && Block.product(shape) != input.itemSize)
      throw new CaffeException(
        Status.SHAPE,
        s"layer '${input.name}' takes items of ${input.itemShape.mkString("x")}, and the data " +
          s"set's are ${data.shape.mkString("x")}" +
          (if (shape.sameElements(data.shape)) "" else s", cropped to ${shape.mkString("x")}")
      )
    if (count == 0) throw new CaffeException(Status.INVALID_ARGUMENT, "the data set is empty")
    classes.foreach(data.checkLabels)
  }

  /** For each worker the executor where its items should be read, if that matters.
    *
    * Executors come and go. When more workers' portions have come to lie in one executor than need
    * be, the portions that are too many are moved, once. Only where each worker has one partition:
    * of many, some lie elsewhere anyway, and are read from there.
    */
  def homes(): IndexedSeq[Option[String]] = {
    val live = executors.live.toIndexedSeq
    if (live.isEmpty) IndexedSeq.fill(workers)(None)
    else {
      val held = executors.holding(blocks)
      val current = portions.map(p => mostOf(p.partitions.map(held).toSeq.flatten))
      val wanted = Placement.balanced(current.map(_.filter(live.contains)), live)
      val crowded = current.zip(wanted).exists { case (now, place) =>
        now.exists(executor => live.contains(executor) && executor != place)
      }
      val kept = data.rdd.getStorageLevel != StorageLevel.NONE
      if (crowded && kept && portions.forall(_.partitions.length == 1)) {
        val places = new Array[String](workers)
        for ((portion, place) <- portions.zip(wanted)) places(portion.partitions.head) = place
        placed.foreach(_.unpersist(blocking = false))
        val moved = new PlacedRDD(data.rdd, places).setName(s"${data.rdd.name}, moved")
        placed = Some(moved.persist(data.rdd.getStorageLevel))
      }
      wanted.map(Some(_))
    }
  }

  /** The blocks, and what hosts need to read them. */
  def forHosts(): (RDD[Block], HostItems) = {
    val of = blocks
    if (!sent.exists(_._1 eq of)) {
      sent.foreach(_._2.partitions.destroy())
      sent = Some((of, HostItems(portions, SentPartitions.of(of))))
    }
    sent.get
  }

  /** Frees what this trainer added to the data set itself. */
  def release(): Unit = {
    sent.foreach(_._2.partitions.destroy())
    placed.foreach(_.unpersist(blocking = false))
    if (data ne given) data.unpersist()
  }

  private def mostOf(executors: Seq[String]): Option[String] =
    if (executors.isEmpty) None
    else Some(executors.groupBy(identity).toSeq.sortBy(_._1).maxBy(_._2.length)._1)

  private def blocks: RDD[Block] = placed.getOrElse(data.rdd)
}
