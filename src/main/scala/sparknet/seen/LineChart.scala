package sparknet.seen

import scala.xml.{Elem, Node, NodeSeq}

/** A line of a chart.
  *
  * @param points
  *   those that are no numbers are left out
  * @param marked
  *   whether each point has a mark, which tells its value
  */
private[seen] final case class Line(
    name: String,
    colour: String,
    points: Seq[(Double, Double)],
    marked: Boolean = false
) {
  def finite: Seq[(Double, Double)] = points.filter { case (x, y) => isNumber(x) && isNumber(y) }
  private def isNumber(x: Double) = !x.isNaN && !x.isInfinite
}

/** Curves over iterations, as SVG. */
private[seen] object LineChart {
  // With room for the numbers at their ends.
  val (left, right, top, bottom) = (54.0, 574.0, 10.0, 186.0)

  /** @param label
    *   what it shows, for those who do not see it
    * @param iterations
    *   up to which it goes
    * @param fromZero
    *   whether values begin at 0 at the least
    */
  def apply(
      label: String,
      lines: Seq[Line],
      iterations: Int,
      fromZero: Boolean = false
  ): Elem = {
    val points = lines.flatMap(_.finite)
    val zero = if (fromZero) Seq(0.0) else Nil
    val x = Axis.of(Seq(0, math.max(1, iterations)), left, right, most = 8, whole = false)
    val y = Axis.of(zero ++ points.map(_._2), bottom, top, most = 5, whole = true)
    frame(label, "iteration", x, y)(lines.filter(_.finite.nonEmpty).flatMap(drawn(_, x, y)))
  }

  /** A picture with its axes.
    *
    * @param along
    *   what x is
    */
  def frame(label: String, along: String, x: Axis, y: Axis)(content: Seq[Node]): Elem =
    <svg viewBox="0 0 600 222" width="100%" role="img" aria-label={label} font-size="11"
         fill="#666">
      {
      y.ticks.map { tick =>
        val at = Figures.place(y(tick))
        <line x1={Figures.place(left)} x2={Figures.place(right)} y1={at} y2={at} stroke="#e5e5e5"/>
        <text x={Figures.place(left - 6)} y={at} dy="4" text-anchor="end">{written(tick, y)}</text>
      }
    }
      {
      x.ticks.map { tick =>
        <text x={Figures.place(x(tick))} y="202" text-anchor="middle">{written(tick, x)}</text>
      }
    }
      <text x={Figures.place((left + right) / 2)} y="219" text-anchor="middle">{along}</text>
      {content}
    </svg>

  /** The lines' names with their colours. */
  def legend(names: Seq[(String, String)]): Elem =
    <div class="small text-muted">{
      names.map { case (name, colour) =>
        <span class="mr-3"><svg width="10" height="10"><rect width="10" height="10"
          fill={colour}/></svg> {name}</span>
      }
    }</div>

  private def drawn(line: Line, x: Axis, y: Axis): NodeSeq = {
    val places = line.finite.map { case (px, py) => (Figures.place(x(px)), Figures.place(y(py))) }
    val path = places.map { case (px, py) => s"$px,$py" }.mkString(" ")
    val marks =
      if (!line.marked && places.length > 1) NodeSeq.Empty
      else
        NodeSeq.fromSeq(line.finite.zip(places).map { case ((at, value), (cx, cy)) =>
          <circle cx={cx} cy={cy} r="2.5" fill={line.colour}><title>{
            s"${line.name} ${Figures.value(value)} at iteration ${Figures.count(at.toLong)}"
          }</title></circle>
        })
    <polyline points={path} fill="none" stroke={line.colour} stroke-width="1.6"/> ++ marks
  }

  /** With as many digits as tell ticks apart. */
  private def written(tick: Double, axis: Axis): String = {
    val step = if (axis.ticks.length > 1) axis.ticks(1) - axis.ticks(0) else math.abs(tick)
    val digits = math.max(0, math.ceil(-math.log10(math.max(step, 1e-12)) - 1e-9).toInt)
    if (math.abs(tick) >= 1e6) Figures.value(tick)
    else s"%,.${digits}f".formatLocal(java.util.Locale.ROOT, tick + 0.0)
  }
}
