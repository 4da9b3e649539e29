package sparknet.train

import org.apache.spark.rdd.RDD
import org.apache.spark.{Partition, TaskContext}

/** Which executor holds which worker's partition. */
private[train] object Placement {

  /** Spreads workers evenly over executors with as few moves as possible.
    *
    * @param current
    *   for each worker the executor that holds its partition, if one does
    * @param live
    *   the executors there are, at least one
    */
  def balanced(current: IndexedSeq[Option[String]], live: Seq[String]): IndexedSeq[String] = {
    val executors = live.sorted.toIndexedSeq
    val share = current.length / executors.length
    var extra = current.length % executors.length
    // Each executor keeps up to its share, and as many as possible one of the odd ones.
    val kept = executors.map { executor =>
      val held = current.indices.filter(current(_).contains(executor))
      val room = if (held.length > share && extra > 0) { extra -= 1; share + 1 }
      else share
      executor -> held.take(room)
    }
    val stay = kept.flatMap { case (executor, workers) => workers.map(_ -> executor) }.toMap
    val load = scala.collection.mutable.Map(kept.map { case (e, workers) =>
      e -> workers.length
    }: _*)
    current.indices.map { worker =>
      stay.getOrElse(
        worker, {
          val least = executors.minBy(load)
          load(least) += 1
          least
        }
      )
    }
  }
}

/** The parent's partitions, each preferably on a given executor. */
private[train] final class PlacedRDD[T: scala.reflect.ClassTag](
    parent: RDD[T],
    places: IndexedSeq[String]
) extends RDD[T](parent) {
  override protected def getPartitions: Array[Partition] = firstParent[T].partitions

  override def compute(split: Partition, context: TaskContext): Iterator[T] =
    firstParent[T].iterator(split, context)

  override protected def getPreferredLocations(split: Partition): Seq[String] =
    Seq(places(split.index))
}
