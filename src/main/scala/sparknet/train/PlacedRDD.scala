package sparknet.train

import org.apache.spark.rdd.RDD
import org.apache.spark.{Partition, TaskContext}

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
