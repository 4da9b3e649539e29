package sparknet.train

import sparknet.io.PackedFloats
import sparknet.jna.{CaffeException, Status, WeightsLayout}

/** What every worker of a trainer needs to know, whatever the task. */
private[train] final case class Crew(
    trainer: Long,
    open: Set[Long],
    model: Model,
    layout: WeightsLayout,
    seed: Long,
    threads: Int,
    slots: Int,
    taskCpus: Int
) {

  /** Runs a task with a net of this JVM, its weights set; a net that failed is not used again. */
  def withNet[T](worker: Int, start: Start, doing: => String)(
      body: (WorkerNet, Boolean) => T
  ): Either[Failure, T] = {
    var lease: Option[WorkerNets.Lease] = None
    var usable = false
    try {
      val result = Failure.caught(worker, doing) {
        lease = Some(WorkerNets.lease(trainer, open, worker, capacity)(newNet(worker)))
        val net = lease.get.net
        start.history.foreach(history => net.writeHistory(history.values))
        net.writeWeights(start.weights.values)
        net.setIteration(start.iteration)
        body(net, lease.get.fresh)
      }
      usable = result.isRight
      result
    } finally lease.foreach(_.end(usable))
  }

  private def capacity: Int =
    if (slots > 0) slots else math.max(1, Runtime.getRuntime.availableProcessors / taskCpus)

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

/** What workers start a round from. History only after a restore: otherwise they keep their own. */
private[train] final case class Start(
    weights: PackedFloats,
    iteration: Int,
    history: Option[PackedFloats]
)
