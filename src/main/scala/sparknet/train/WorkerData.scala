package sparknet.train

import org.apache.spark.rdd.RDD
import org.apache.spark.storage.StorageLevel

import sparknet.data.{Augmentation, BadRecords, Block, Dataset, Deal, Labelling, Preprocessing}
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
    maxBadShare: Double,
    labelling: Labelling
)

/** A data set as the workers see it: a portion for each, spread over the executors. */
private[train] final class WorkerData(
    source: Dataset,
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    workers: Int,
    executors: Executors
) {
  private lazy val wholePartitions = Portion.of(source.parts.toIndexedSeq.map(_.blocks), workers)
  private lazy val data = if (wholePartitions.nonEmpty) source else source.repartition(workers)
  private lazy val portions: IndexedSeq[Portion] =
    wholePartitions.getOrElse(Portion.of(data.parts.toIndexedSeq.map(_.blocks), workers).get)
  private var placed: Option[RDD[Block]] = None
  private var sent = Option.empty[(RDD[Block], HostItems)]

  def count: Long = data.count()

  /** Records that could not be used when the items were counted. */
  def leftOut: BadRecords = source.leftOut

  /** Items of each worker. */
  def portionSizes: Array[Long] = portions.map(_.items).toArray

  /** @param windowBytes
    *   of items that each worker may have in memory at a time
    */
  def supply(windowBytes: Long): Supply = {
    val all = math.max(1L, data.parts.map(_.bytes).sum)
    val window = math.max(1L, (windowBytes.toDouble * count / all).toLong)
    Supply(data.shape, preprocessing, augmentation, window, source.maxBadShare, data.labelling)
  }

  /** Throws unless the items suit the net's input.
    *
    * @param classes
    *   numbers of classes, by the place of the top that takes them
    * @param trained
    *   whether weights must be taken, if there are any
    */
  def check(input: NetInput, classes: Map[Int, Int], trained: Boolean): Unit = {
    val shape = augmentation.output(data.shape)
    val labelTops =
      new Deal(Block.product(shape), data.labelling).of(input.tops.map(_.size)) match {
        case Left(Deal.ItemsDiffer)                 => refuseItems(input, shape)
        case Left(Deal.LabelsDiffer(first, values)) =>
          refuseLabels(input.tops.drop(first).map(_.name), values)
        case Right(tops) => tops
      }
    if (trained && data.labelling.weighted && labelTops.end == input.tops.length)
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        "the data set has weights, and no JavaData layer of the net takes them: it needs one of " +
          "1 value behind those of items and labels"
      )
    if (count == 0) throw new CaffeException(Status.INVALID_ARGUMENT, "the data set is empty")
    var start = 0
    for (top <- labelTops) {
      val size = input.tops(top).size
      classes.get(top).foreach(data.checkLabels(_, start, size))
      start += size
    }
  }

  private def refuseItems(input: NetInput, shape: Array[Int]): Nothing = {
    val takers = input.tops match {
      case Seq(one) => s"layer '${one.name}' takes items of ${extents(one.shape)}"
      case Seq(one, other) if other.size == 1 || one.size > 1 =>
        s"layer '${one.name}' takes items of ${extents(one.shape)}"
      case several =>
        s"layers ${several.map(top => s"'${top.name}' (${extents(top.shape)})").mkString(", ")} " +
          "take items and labels, the first ones exactly an item"
    }
    throw new CaffeException(
      Status.SHAPE,
      s"$takers, and the data set's are ${extents(data.shape)}" +
        (if (shape.sameElements(data.shape)) "" else s", cropped to ${extents(shape)}")
    )
  }

  private def refuseLabels(layers: Seq[String], values: Long): Nothing = {
    val (noun, verb) = if (layers.length == 1) ("layer", "takes") else ("layers", "take")
    val oneHot = values == 1 && data.labelling.count > 1
    throw new CaffeException(
      Status.SHAPE,
      s"$noun ${layers.map(name => s"'$name'").mkString(", ")} $verb $values label " +
        s"${if (values == 1) "value" else "values"} of each item, and the data set's come with " +
        data.labelling + (if (oneHot) ": instead of one-hot labels give numbers of classes" else "")
    )
  }

  private def extents(shape: Array[Int]): String =
    if (shape.isEmpty) "1" else shape.mkString("x")

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
        val moved = new PlacedRDD(data.rdd, places.toIndexedSeq).setName(s"${data.rdd.name}, moved")
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
    if (data ne source) data.unpersist()
  }

  private def mostOf(executors: Seq[String]): Option[String] =
    if (executors.isEmpty) None
    else Some(executors.groupBy(identity).toSeq.sortBy(_._1).maxBy(_._2.length)._1)

  private def blocks: RDD[Block] = placed.getOrElse(data.rdd)
}
