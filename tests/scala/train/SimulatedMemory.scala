package sparknet.train

import java.nio.{ByteBuffer, ByteOrder}

import org.apache.spark.sparknet.Place

/** Published memory of a simulated cluster as one place sees it.
  *
  * @param task
  *   whose it is; none: the driver's
  */
private[train] final class SimulatedMemory(
    cluster: SimulatedCluster,
    plan: ClusterPlan,
    override val here: Place,
    task: Option[SimulatedCluster#Task]
) extends Memory {
  private val own = cluster.dice.apart(1000 + task.fold(-1L)(_.id))

  override def publish(name: String, bytes: ByteBuffer, copied: Boolean): Unit = {
    assert(!cluster.published.contains((here, name)), s"$name was published twice")
    cluster.published((here, name)) = if (copied) copy(bytes) else bytes
  }

  private def copy(bytes: ByteBuffer): ByteBuffer = {
    val copy = ByteBuffer.allocate(bytes.remaining).order(ByteOrder.nativeOrder)
    copy.put(bytes.duplicate())
    copy.flip()
    copy
  }

  override def spill(bytes: ByteBuffer): Spilled = new Spilled {
    private val kept = copy(bytes)
    cluster.spilled += 1
    override def read(into: ByteBuffer): Unit = {
      into.put(kept.duplicate())
      ()
    }
    override def close(): Unit = cluster.spilled -= 1
  }

  override def withdraw(name: String): Unit = {
    cluster.published.remove((here, name))
    ()
  }

  override def fetch(from: Published, piece: Int): Incoming = {
    lazy val arriving = {
      val result = new Arriving(from.place, from.piece(piece), here)
      result.begin(if (from.place == here) 0 else own.between(0, plan.slow), own.number())
      result
    }
    NeighbourPiece.of(from, piece, here).getOrElse(arriving)
  }

  private final class Arriving(from: Place, name: String, to: Place) extends Incoming {
    private var at = 0.0
    private var content = Option.empty[Either[String, ByteBuffer]]
    private var open = true

    def begin(seconds: Double, tie: Long): Unit = {
      at = cluster.time.now + seconds
      cluster.time.later(seconds, tie) {
        val stopped = cluster.executors
          .find(e => e.place == from && e.alive)
          .fold(0.0)(_.stoppedUntil - cluster.time.now)
        if (stopped > 0 && from != to) begin(stopped, tie)
        else if (open) content = Some(read())
      }
    }

    private def read(): Either[String, ByteBuffer] = cluster.published.get((from, name)) match {
      case _ if cluster.unreachable && task.isEmpty => Left("no route")
      case None                                     => Left(s"$name is not at $from")
      case Some(bytes)                              =>
        if (from != to) {
          cluster.fetched(to) += bytes.remaining
          cluster.served(from) += bytes.remaining
        }
        Right(copy(bytes))
    }

    override def await(millis: Long): Boolean = {
      val until = cluster.time.now + millis / 1000.0
      while (content.isEmpty && cluster.time.now < until) task match {
        case Some(host) =>
          host.sleep(math.min(math.max(at - cluster.time.now, 1e-6), until - cluster.time.now))
        case None => cluster.time.next(until)
      }
      content.nonEmpty
    }

    override def failure: Option[String] = content.flatMap(_.left.toOption)

    override def copyTo(start: Int, into: ByteBuffer): Unit = {
      val from = content.get.right.get.duplicate()
      from.position(start).limit(start + into.remaining)
      into.put(from)
      ()
    }

    override def close(): Unit = open = false
  }
}
