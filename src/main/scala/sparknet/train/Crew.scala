package sparknet.train

import sparknet.jna.{CaffeException, Status, WeightsLayout}

/** What every worker of a trainer needs to know, whatever the task. */
private[train] final case class Crew(
    trainer: Long,
    open: Set[Long],
    model: Model,
    layout: WeightsLayout,
    seed: Long,
    room: Room
) {

  /** Threads of a net in this JVM. */
  def threads: Int = room.threads(Runtime.getRuntime.availableProcessors)

  /** Runs a task with a net of this JVM, its weights set; a net that failed is not used again. */
  def withNet[T](worker: Int, start: Start, doing: => String)(
      body: WorkerNets.Lease => T
  ): Either[Failure, T] = {
    var lease: Option[WorkerNets.Lease] = None
    var usable = false
    try {
      val result = Failure.caught(worker, doing) {
        lease = Some(WorkerNets.lease(trainer, open, worker, capacity)(newNet(worker)))
        val net = lease.get.net
        lease.get.begin(start.round, start.history)
        net.writeWeights(start.weights)
        net.setIteration(start.iteration)
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

/** What workers start a round from.
  *
  * @param history
  *   only after a restore: otherwise they keep their own
  * @param round
  *   number of rounds before it
  */
private[train] final case class Start(
    weights: Array[Float],
    iteration: Int,
    history: Option[Array[Float]],
    round: Int
)
