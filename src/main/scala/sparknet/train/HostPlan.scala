package sparknet.train

import java.nio.ByteBuffer

import sparknet.jna.{CaffeException, Status, WeightsLayout}

/** What the hosts of a trainer know from the start.
  *
  * @param open
  *   the trainers of the driver that are in use
  * @param halves
  *   whether what workers have learned travels as bfloat16
  */
private[train] final case class HostPlan(
    trainer: Long,
    open: Set[Long],
    model: Model,
    layout: WeightsLayout,
    seed: Long,
    room: Room,
    halves: Boolean,
    train: Option[Supply],
    test: Option[Supply]
) {

  /** Threads of a net in this JVM. */
  def threads: Int = room.threads(Runtime.getRuntime.availableProcessors)

  /** Vectors of workers that a host may have in memory. */
  def vectors: Int = room.vectors(Runtime.getRuntime.availableProcessors)

  /** Runs what needs a net of this JVM; one that failed is not used again.
    *
    * @param spill
    *   puts on disk what finds no room in memory
    * @param doing
    *   tells how far it has come
    */
  def withNet[T](worker: Int, doing: => String, spill: ByteBuffer => Spilled)(
      body: WorkerNets.Lease => T
  ): Either[Failure, T] = {
    var lease: Option[WorkerNets.Lease] = None
    var usable = false
    try {
      val result = Failure.caught(worker, doing) {
        val aside = Aside(room.waiting(Runtime.getRuntime.availableProcessors), spill)
        lease = Some(WorkerNets.lease(trainer, open, worker, capacity, aside)(newNet(worker)))
        body(lease.get)
      }
      usable = result.isRight
      result
    } finally lease.foreach(_.end(usable))
  }

  private def capacity: Int = room.slots(Runtime.getRuntime.availableProcessors)

  private def newNet(worker: Int): WorkerNet = {
    val net = model.newWorker(seed + worker, threads)
    if (net.layout != layout) {
      val own = net.layout
      net.close()
      throw new CaffeException(
        Status.SHAPE,
        s"the worker's net has other weights than the driver's.\nDriver: ${layout.entries
            .mkString(", ")}\nWorker: ${own.entries.mkString(", ")}"
      )
    }
    net
  }
}
