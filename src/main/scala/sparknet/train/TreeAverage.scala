package sparknet.train

import org.apache.spark.Partition
import org.apache.spark.rdd.{PartitionCoalescer, PartitionGroup, RDD}

/** Averages the vectors of an RDD's partitions over a tree: executors merge groups of neighbours, the
  * driver merges what they send.
  *
  * Everything is merged in the order of the partitions, so the result does not depend on which task
  * ends first (as it would with Spark's treeAggregate).
  */
private[train] object TreeAverage {
  // Spark refuses results of a job beyond spark.driver.maxResultSize, 1 GiB by default.
  private val driverBytes = 512L << 20
  private val smallCluster = 4

  def apply(means: RDD[WeightedMean], floats: Int): WeightedMean = {
    val merged = means.mapPartitions(m => Iterator(m.foldLeft(WeightedMean.empty)(_ add _)))
    val n = means.getNumPartitions
    val groups = fanIn(n, floats)
    val grouped =
      if (groups == n) merged
      else
        merged
          .coalesce(groups, shuffle = false, Some(Neighbours))
          .mapPartitions(m => Iterator(m.foldLeft(WeightedMean.empty)(_ add _)))
    val parts = new Array[WeightedMean](groups)
    var next = 0
    val total = WeightedMean.empty
    grouped.sparkContext.runJob(
      grouped,
      (m: Iterator[WeightedMean]) => m.next(),
      (i: Int, part: WeightedMean) => {
        parts(i) = part
        while (next < groups && parts(next) != null) {
          total.add(parts(next))
          parts(next) = null
          next += 1
        }
      }
    )
    total
  }

  /** How many vectors the driver gets. */
  private[train] def fanIn(partitions: Int, floats: Int): Int = {
    val wanted =
      if (partitions <= smallCluster) partitions else math.sqrt(partitions.toDouble).ceil.toInt
    math.max(1, math.min(wanted.toLong, driverBytes / math.max(1L, 4L * floats)).toInt)
  }

  /** Groups of neighbouring partitions, in order. */
  private object Neighbours extends PartitionCoalescer with Serializable {
    override def coalesce(groups: Int, parent: RDD[_]): Array[PartitionGroup] = {
      val partitions: Array[Partition] = parent.partitions
      Array.tabulate(groups) { g =>
        val group = new PartitionGroup(None)
        val from = g.toLong * partitions.length / groups
        val until = (g + 1L) * partitions.length / groups
        group.partitions ++= partitions.slice(from.toInt, until.toInt)
        group
      }
    }
  }
}
