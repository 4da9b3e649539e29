package sparknet.seen

/** Where numbers go on a line of a picture, and which of them are written beside it.
  *
  * @param low
  *   the number at `from`
  * @param high
  *   the number at `to`
  */
private[seen] final class Axis private (
    val low: Double,
    val high: Double,
    val ticks: Seq[Double],
    from: Double,
    to: Double
) {
  def apply(x: Double): Double = from + (x - low) / (high - low) * (to - from)
}

private[seen] object Axis {

  /** From the least to the greatest number.
    *
    * @param whole
    *   whether it begins and ends with a tick
    */
  def of(numbers: Seq[Double], from: Double, to: Double, most: Int, whole: Boolean): Axis = {
    val (least, greatest) =
      if (numbers.isEmpty) (0.0, 1.0)
      else if (numbers.min < numbers.max) (numbers.min, numbers.max)
      else {
        val room = math.max(math.abs(numbers.min) * 0.1, 1e-6)
        (numbers.min - room, numbers.max + room)
      }
    val step = stepOf(least, greatest, most)
    val (begin, end) = (math.floor(least / step + slack), math.ceil(greatest / step - slack))
    val ticks = (begin.toLong to end.toLong).map(_ * step)
    val inside = ticks.filter(t => t >= least - slack * step && t <= greatest + slack * step)
    if (whole) new Axis(ticks.head, ticks.last, ticks, from, to)
    else new Axis(least, greatest, inside, from, to)
  }

  /** The least of 1, 2, 5, 10, ... with which there are no more ticks than that. */
  private def stepOf(least: Double, greatest: Double, most: Int): Double = {
    val size = math.pow(10, math.floor(math.log10((greatest - least) / most)))
    Seq(1, 2, 5, 10, 20).map(_ * size).find(step => (greatest - least) / step <= most).get
  }

  private val slack = 1e-9
}
