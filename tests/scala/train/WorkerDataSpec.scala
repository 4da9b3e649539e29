package sparknet.train

import org.apache.spark.rdd.RDD
import org.apache.spark.storage.StorageLevel
import org.apache.spark.{NarrowDependency, Partition, TaskContext}
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.data.{Augmentation, Block, Dataset, Identity}

class WorkerDataSpec extends AnyFlatSpec with OnCluster {

  private def sizes(counts: Int*): IndexedSeq[Array[Int]] = counts.map(Array(_)).toIndexedSeq

  private def partitions(counts: Int*)(workers: Int): Option[Seq[Seq[Int]]] =
    Portion.of(sizes(counts: _*), workers).map(_.map(_.partitions.toSeq))

  "A Portion" should "be one partition where there are as many as workers" taggedAs Unit in {
    assert(partitions(5, 0, 100)(3).contains(Seq(Seq(0), Seq(1), Seq(2))))
  }

  it should "be whole partitions with about as many items for each worker" taggedAs Unit in {
    assert(partitions(10, 30, 20, 20)(2).contains(Seq(Seq(0, 1), Seq(2, 3))))
    assert(partitions(Seq.fill(100)(7): _*)(3).get.map(_.length).sorted == Seq(33, 33, 34))
  }

  it should "not be where workers would have too little" taggedAs Unit in {
    assert(partitions(10)(2).isEmpty && partitions(10, 10, 10)(2).isEmpty)
  }

  /** Partitions of one or more blocks, each of so many items; item i is the byte i. */
  private def dataset(storage: StorageLevel, blocks: Int*): Dataset = {
    val starts = blocks.scanLeft(0)(_ + _)
    val made = blocks.zip(starts).map { case (size, start) =>
      val items = Array.range(start, start + size)
      new Block(Array(1), items.map(_.toFloat), items.map(_.toByte), null)
    }
    Dataset(sc.parallelize(made, math.max(1, blocks.length / 2)), Array(1), storage, 0)
  }

  private def worker(data: Dataset, workers: Int) =
    new WorkerData(data, new Identity, Augmentation.none, workers, new Executors(sc))

  /** Each worker's labels, read as hosts do. */
  private def labels(source: WorkerData, workers: Int): Seq[Array[Int]] = {
    val (blocks, items) = source.forHosts()
    (0 until workers).map { worker =>
      sc.runJob(
        new ReaderRDD(blocks, items, worker),
        (found: Iterator[Int]) => found.toArray
      ).head
    }
  }

  for (
    storage <- Seq(
      StorageLevel.NONE,
      StorageLevel.DISK_ONLY,
      StorageLevel.MEMORY_ONLY,
      StorageLevel.MEMORY_AND_DISK_SER
    )
  )
    "WorkerData" should s"hand out all items once, kept as ${storage.description}" taggedAs
      SparkTag in {
        for (workers <- 1 to 3) {
          val data = dataset(storage, 3, 3, 0, 6, 5, 1, 2, 4)
          val source = worker(data, workers)
          for (_ <- 1 to 2) {
            val found = labels(source, workers)
            assert(found.length == workers && found.flatten.sorted == (0 until 24))
            assert(found.map(_.length).min >= 6)
          }
          source.release()
          assert(data.rdd.getStorageLevel == storage)
          data.unpersist()
        }
      }

  it should "deal items out where there are too few partitions" taggedAs SparkTag in {
    val source = worker(dataset(StorageLevel.DISK_ONLY, 24), 4)
    assert(labels(source, 4).map(_.length) == Seq(6, 6, 6, 6))
    source.release()
  }

  it should "move the items of workers that crowd one executor, once" taggedAs SparkTag in {
    val executors = new Executors(sc)
    val crowded = executors.live.head
    val blocks = Seq(3, 4).map { size =>
      (new Block(Array(1), Array.fill(size)(1f), new Array[Byte](size), null), Seq(crowded))
    }
    val data = Dataset(sc.makeRDD(blocks), Array(1), StorageLevel.MEMORY_ONLY, 0)
    assert(data.count() == 7)
    assert(executors.holding(data.rdd).forall(_.contains(crowded)))
    val source = worker(data, 2)
    val homes = source.homes()
    assert(homes.flatten.toSet == executors.live.toSet)
    val (moved, _) = source.forHosts()
    assert(moved.mapPartitions(b => Iterator(b.map(_.size).sum)).collect().toSeq == Seq(3, 4))
    assert((moved ne data.rdd) && executors.holding(moved) == homes)
    assert(labels(source, 2).map(_.length) == Seq(3, 4))
    assert(source.homes() == homes && (source.forHosts()._1 eq moved))
    source.release()
    data.unpersist()
  }

  it should "compute the window from the memory that items take" taggedAs Unit in {
    val source = worker(dataset(StorageLevel.NONE, 24), 1)
    assert(source.supply(24).window == 24 && source.supply(5).window == 5)
    assert(source.supply(0).window == 1)
  }
}

/** The labels of a worker, in one partition that depends on all of the data, as a host's does. */
private final class ReaderRDD(blocks: RDD[Block], items: HostItems, worker: Int)
    extends RDD[Int](
      blocks.sparkContext,
      Seq(new NarrowDependency(blocks) {
        override def getParents(partition: Int): Seq[Int] = blocks.partitions.indices
      })
    ) {
  override protected def getPartitions: Array[Partition] =
    Array(new Partition { override val index: Int = 0 })

  override def compute(split: Partition, context: TaskContext): Iterator[Int] =
    items.of(worker, firstParent[Block], context).inOrder.map(_.label.toInt)
}
