package sparknet.train

import sparknet.jna.FloatMemory

/** Keeps the weights with which a metric was best, in memory of the driver's outside its heap, and makes
  * them the current ones when the run ends. The counter, momentum, and snapshots and checkpoints of the
  * run are those of its last round.
  */
final class BestWeights(metric: String, minDelta: Double, mode: String)
    extends Watch(metric, minDelta, mode) {

  def this(metric: String) = this(metric, 0, "auto")

  private var kept = Option.empty[FloatMemory]

  override def onStart(fit: Fit): Unit = {
    super.onStart(fit)
    free()
  }

  override protected def onBetter(): Unit = {
    kept = kept.orElse(Some(new FloatMemory(run.weightsCount)))
    run.readWeights(kept.get)
  }

  override def onEnd(): Unit = {
    kept.foreach(run.writeWeights)
    free()
  }

  private def free(): Unit = {
    kept.foreach(_.close())
    kept = None
  }
}
