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
    data.toSeq.map { blocks =>
      new NarrowDependency(blocks) {
        override def getParents(partition: Int): Seq[Int] = blocks.partitions.indices
      }
    }
}

private final class HostPartition extends Partition {
  override val index: Int = 0
}

/** Takes a host's orders from the driver, one after the other, until it is to leave. After that it still
  * tells of momentum, on the thread on which messages arrive: nets stay in the executor.
  */
private final class HostTask(
    plan: HostPlan,
    office: String,
    slot: Int,
    context: TaskContext,
    items: Int => Stock,
    testItems: Int => Stock
) {
  private val id = context.taskAttemptId()
  private val orders = new LinkedBlockingQueue[ToHost]
  @volatile private var abandoned = -1L
  private val memory = new SparkMemory
  private val host = new Host(id, plan, memory, items, testItems, unwanted)
  @volatile private var hasLeft = false
  private lazy val box = new Mail.Box(office, s"$office-host-$id", receive)

  private def receive(message: AnyRef): Unit = message match {
    case Abandon(upTo)   => abandoned = math.max(abandoned, upTo)
    case message: ToHost =>
      orders.put(message)
      if (hasLeft) takeRest()
    case other => throw new IllegalArgumentException(s"no message for a host: $other")
  }

  def run(): Unit = {
    var last = Option.empty[ToHost] // that it was told
    var joined = false
    try {
      box.open(Joined(id, slot, Executors.here, memory.here))
      joined = true
      while (last.isEmpty) {
        TaskThread.stopIfKilled()
        orders.poll(HostTask.pollMillis, TimeUnit.MILLISECONDS) match {
          case null         => ()
          case order: Order => carryOut(order)
          case end          => last = Some(end)
        }
      }
      // Not an end like others: Spark would take it for that of the other attempt too.
      if (last.contains(Refused)) throw new TaskKilledException("another attempt trains")
      host.failure.foreach(throw _)
    } finally {
      host.close()
      if (joined && last.forall(_ == Leave) && host.failure.isEmpty)
        leave(isAsked = last.nonEmpty)
      else {
        if (last.forall(_ != Retire)) tell(Gone(id))
        box.close()
      }
    }
  }

  private def carryOut(order: Order): Unit = {
    val begin = System.nanoTime
    for (outcome <- host.handle(order))
      box.send(Reported(id, order.number, outcome, (System.nanoTime - begin) / 1e9))
  }

  /** @param isAsked
    *   by the driver, which then need not be told
    */
  private def leave(isAsked: Boolean): Unit = {
    hasLeft = true
    if (!isAsked) tell(Departed(id))
    // No part of the task, which what is published now shall outlast.
    new Thread(() => takeRest(), s"$office-rest-$id").start()
  }

  private def takeRest(): Unit = synchronized {
    while (!orders.isEmpty) orders.take() match {
      case order: Order if order.work.ofMomentum => carryOut(order)
      case Retire | Refused                      =>
        host.forget()
        box.close()
      case _ => () // nobody waits for what a host would do
    }
  }

  private def tell(message: ToDriver): Unit =
    // The driver may be gone.
    try box.send(message)
    catch { case NonFatal(_) => () }

  private def unwanted(order: Long): Boolean = {
    TaskThread.stopIfKilled()
    abandoned >= order
  }
}

private object HostTask {
  private val pollMillis = 100L
}
