package sparknet.train

/** Ends a run in which a metric gets no better.
  *
  * @param patience
  *   values in a row, of tests or rounds, that may be no better than the best before them
  */
final class EarlyStopping(metric: String, patience: Int, minDelta: Double, mode: String)
    extends Watch(metric, minDelta, mode) {

  def this(metric: String, patience: Int) = this(metric, patience, 0, "auto")

  if (patience < 1) Watch.invalid(s"patience must be at least 1, not $patience")

  private var waited = 0

  /** Whether it has ended the last run. */
  def hasStopped: Boolean = waited >= patience

  override def onStart(fit: Fit): Unit = {
    super.onStart(fit)
    waited = 0
  }

  override protected def onBetter(): Unit = waited = 0

  override protected def onOther(): Unit = {
    waited += 1
    if (waited == patience) {
      val when =
        if (best == null) "never a number" else s"best in iteration $bestIteration, with $best"
      run.say(s"stopped early: $metric was $when (patience $patience)")
      run.stop()
    }
  }
}
