package sparknet.train

import java.nio.ByteBuffer
import java.util.concurrent.{LinkedBlockingQueue, TimeUnit}

import scala.util.control.NonFatal

import org.apache.spark.broadcast.Broadcast
import org.apache.spark.rdd.RDD
import org.apache.spark.sparknet.Mail
import org.apache.spark.{
  Dependency,
  NarrowDependency,
  Partition,
  SparkContext,
  SparkEnv,
  TaskContext,
  TaskKilledException
}

import sparknet.data.{Block, Stock, TaskThread}

/** A data set as hosts read it: any worker's portion may be asked of any host.
  *
  * @param portions
  *   of each worker
  * @param partitions
  *   those of the data: only they know how to be read
  */
private[train] final case class HostItems(
    portions: IndexedSeq[Portion],
    partitions: SentPartitions
) {

  /** A worker's items, read from where Spark keeps them or from their source. */
  def of(worker: Int, data: RDD[Block], context: TaskContext): Stock = {
    val portion = portions(worker)
    new Stock(
      portion.blocks,
      chunk => data.iterator(partitions(portion.partitions(chunk)), context)
    )
  }
}

/** Partitions on their way to tasks that may need any of them. Some hold data of the driver's: those
  * are fetched by who needs them.
  */
private[train] final class SentPartitions private (
    sent: IndexedSeq[Either[Array[Byte], Broadcast[Array[Byte]]]]
) extends Serializable {

  def apply(i: Int): Partition =
    SparkEnv.get.closureSerializer
      .newInstance()
      .deserialize[Partition](
        ByteBuffer.wrap(sent(i).fold(identity, _.value)),
        Thread.currentThread.getContextClassLoader
      )

  def destroy(): Unit = sent.foreach(_.foreach(_.destroy()))
}

private[train] object SentPartitions {
  private val small = 10000

  def of(rdd: RDD[_]): SentPartitions = {
    val serializer = SparkEnv.get.closureSerializer.newInstance()
    new SentPartitions(rdd.partitions.toIndexedSeq.map { partition =>
      val buffer = serializer.serialize(partition)
      val bytes = new Array[Byte](buffer.remaining)
      buffer.get(bytes)
      if (bytes.length <= small) Left(bytes) else Right(rdd.sparkContext.broadcast(bytes))
    })
  }
}

/** One partition, whose task is a host until it is told to leave. That its data are its parents makes
  * Spark compute first what they depend on, and again when that is lost.
  *
  * @param office
  *   where the driver takes messages
  * @param slot
  *   that the task is for
  * @param place
  *   where it should run, if that matters
  */
private[train] final class HostRDD(
    sc: SparkContext,
    plan: HostPlan,
    train: Option[(RDD[Block], HostItems)],
    test: Option[(RDD[Block], HostItems)],
    office: String,
    slot: Int,
    place: Option[String]
) extends RDD[Unit](sc, HostRDD.dependencies((train ++ test).map(_._1))) {
  private val trainItems = train.map(_._2)
  private val testItems = test.map(_._2)

  override protected def getPartitions: Array[Partition] = Array(new HostPartition)

  override protected def getPreferredLocations(split: Partition): Seq[String] = place.toSeq

  override def compute(split: Partition, context: TaskContext): Iterator[Unit] = {
    def items(of: Option[HostItems], data: Int)(worker: Int): Stock =
      of.fold(new Stock(Array.empty, _ => Iterator.empty))(
        _.of(worker, dependencies(data).rdd.asInstanceOf[RDD[Block]], context)
      )
    new HostTask(
      plan,
      office,
      slot,
      context,
      items(trainItems, 0),
      items(testItems, trainItems.size)
    )
      .run()
    Iterator.empty
  }
}

private[train] object HostRDD {
  private def dependencies(data: Iterable[RDD[Block]]): Seq[Dependency[_]] =
    data.toSeq.map { rdd =>
      new NarrowDependency(rdd) {
        override def getParents(partition: Int): Seq[Int] = rdd.partitions.indices
      }
    }
}

private final class HostPartition extends Partition {
  override val index: Int = 0
}

/** Takes a host's orders from the driver, one after the other, until it is to leave. */
private final class HostTask(
    plan: HostPlan,
    office: String,
    slot: Int,
    context: TaskContext,
    items: Int => Stock,
    testItems: Int => Stock
) {
  private val id = context.taskAttemptId
  private val orders = new LinkedBlockingQueue[ToHost]
  @volatile private var abandoned = -1L
  private val memory = new SparkMemory
  private val host = new Host(id, plan, memory, items, testItems, unwanted)

  def run(): Unit = {
    val box = new Mail.Box(
      office,
      s"$office-host-$id",
      {
        case Abandon(upTo)   => abandoned = math.max(abandoned, upTo)
        case message: ToHost => orders.put(message)
        case other           => throw new IllegalArgumentException(s"no message for a host: $other")
      }
    )
    try {
      box.open(Joined(id, slot, Executors.here, memory.here))
      var staying = true
      while (staying) {
        TaskThread.stopIfKilled()
        orders.poll(HostTask.pollMillis, TimeUnit.MILLISECONDS) match {
          case null => ()
          case order: Order =>
            val begin = System.nanoTime
            for (outcome <- host.handle(order))
              box.send(Reported(id, order.number, outcome, (System.nanoTime - begin) / 1e9))
          // Not an end like others: Spark would take it for that of the other attempt too.
          case Refused => throw new TaskKilledException("another attempt trains")
          case _       => staying = false
        }
      }
      host.failure.foreach(throw _)
    } finally {
      host.close()
      // The driver may be gone.
      try box.send(Gone(id))
      catch { case NonFatal(_) => () }
      box.close()
    }
  }

  private def unwanted(order: Long): Boolean = {
    TaskThread.stopIfKilled()
    abandoned >= order
  }
}

private object HostTask {
  private val pollMillis = 100L
}
