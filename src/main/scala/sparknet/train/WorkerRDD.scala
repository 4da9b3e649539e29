package sparknet.train

import org.apache.spark.rdd.RDD
import org.apache.spark.{Dependency, NarrowDependency, Partition, TaskContext}

import sparknet.data.{Block, Stock}

/** What one worker has of a data set: some of its partitions, by number, and the sizes of the blocks
  * in them.
  */
private[train] final case class Portion(partitions: Array[Int], blocks: Array[Array[Int]]) {
  def items: Long = blocks.iterator.flatten.map(_.toLong).sum
}

private[train] object Portion {

  /** Gives each worker about as many items, or None where partitions cannot be dealt out so: then
    * their items must be. The largest partitions go first, each to whoever has least.
    */
  def of(parts: IndexedSeq[Array[Int]], workers: Int): Option[IndexedSeq[Portion]] = {
    val counts = parts.map(_.iterator.map(_.toLong).sum)
    val given = Array.fill(workers)(Vector.empty[Int])
    if (parts.length == workers) parts.indices.foreach(i => given(i) = Vector(i))
    else {
      val load = new Array[Long](workers)
      for (i <- parts.indices.sortBy(i => (-counts(i), i))) {
        val least = load.indexOf(load.min)
        given(least) :+= i
        load(least) += counts(i)
      }
      if (load.min < evenEnough * load.max) return None
    }
    Some(given.toIndexedSeq.map { own =>
      val sorted = own.sorted.toArray
      Portion(sorted, sorted.map(parts))
    })
  }

  /** A worker with less than this share of what another one has sees its items too often. */
  private val evenEnough = 0.8
}

/** One partition for each worker: what a function makes of its portion of the data. The partitions of
  * the data are read one by one, as far as they are needed, from where Spark keeps them or, if they
  * are not kept, from their source.
  *
  * @param places
  *   for each worker the executor where it should run, if that matters
  */
private[train] final class WorkerRDD[T: scala.reflect.ClassTag](
    blocks: RDD[Block],
    portions: IndexedSeq[Portion],
    places: IndexedSeq[Option[String]],
    f: (Int, Stock) => T
) extends RDD[T](
      blocks.sparkContext,
      Seq(new NarrowDependency(blocks) {
        override def getParents(worker: Int): Seq[Int] = portions(worker).partitions
      }: Dependency[Block])
    ) {

  override protected def getPartitions: Array[Partition] =
    portions.zipWithIndex.map { case (portion, i) =>
      new WorkerPartition(i, portion.blocks, portion.partitions.map(blocks.partitions)): Partition
    }.toArray

  override def compute(split: Partition, context: TaskContext): Iterator[T] = {
    val own = split.asInstanceOf[WorkerPartition]
    val source = firstParent[Block]
    val stock = new Stock(own.blocks, chunk => source.iterator(own.sources(chunk), context))
    Iterator(f(split.index, stock))
  }

  override protected def getPreferredLocations(split: Partition): Seq[String] =
    places(split.index).toSeq
}

/** @param blocks
  *   for each of the data's partitions the sizes of its blocks
  * @param sources
  *   these partitions themselves: only they know how to be read
  */
private final class WorkerPartition(
    override val index: Int,
    val blocks: Array[Array[Int]],
    val sources: Array[Partition]
) extends Partition
