package sparknet.train

import org.apache.spark.rdd.RDD
import org.apache.spark.storage.StorageLevel

import sparknet.data.{Block, Dataset, Items, Preprocessing}
import sparknet.jna.{CaffeException, Status}

/** A data set as the workers see it: one partition for each, spread over the executors. */
private[train] final class WorkerData(
    given: Dataset,
    val preprocessing: Preprocessing,
    workers: Int,
    executors: Executors
) {
  private val data =
    if (given.rdd.getNumPartitions == workers) given else given.repartition(workers)
  private var placed: Option[RDD[Block]] = None

  def count: Long = data.count()

  /** Throws unless the items suit the net's input. */
  def check(input: NetInput, classes: Option[Int]): Unit = {
    if (!data.shape.sameElements(input.itemShape) && data.shape.product != input.itemSize)
      throw new CaffeException(
        Status.SHAPE,
        s"layer '${input.name}' takes items of ${input.itemShape.mkString("x")}, and the data " +
          s"set's are ${data.shape.mkString("x")}"
      )
    if (count == 0) throw new CaffeException(Status.INVALID_ARGUMENT, "the data set is empty")
    classes.foreach(data.checkLabels)
  }

  /** Runs a function on each worker's items, where they are.
    *
    * Executors come and go. When more workers' partitions have come to lie in one executor than need
    * be, the partitions that are too many are moved, once.
    */
  def onEach[T: scala.reflect.ClassTag](f: (Int, Items) => T): RDD[T] = {
    val live = executors.live
    if (live.nonEmpty) {
      val current = executors.holding(blocks)
      val wanted = Placement.balanced(current.map(_.filter(live.contains)), live)
      val crowded = current.zip(wanted).exists { case (now, place) =>
        now.exists(executor => live.contains(executor) && executor != place)
      }
      if (crowded) {
        placed.foreach(_.unpersist(blocking = false))
        placed = Some(new PlacedRDD(data.rdd, wanted).persist(StorageLevel.MEMORY_AND_DISK))
      }
    }
    blocks.mapPartitionsWithIndex((worker, parts) => Iterator(f(worker, new Items(parts.toArray))))
  }

  /** Frees what this trainer added to the data set itself. */
  def release(): Unit = {
    placed.foreach(_.unpersist(blocking = false))
    if (data ne given) data.unpersist()
  }

  private def blocks: RDD[Block] = placed.getOrElse(data.rdd)
}
