package sparknet.seen

import scala.xml.{Elem, NodeSeq}

import LineChart.{bottom, left, right, top}

/** Where the time went, as SVG. */
private[seen] object TimeChart {

  /** What there is to tell apart, with colours that most people can. */
  val parts: Seq[(String, String, Times => Double)] = Seq(
    ("compute", "#2f78b7", _.compute),
    ("feed", "#e69f00", _.feed),
    ("exchange", "#8c5aa8", _.exchange),
    ("wait", "#d4d4d4", _.waiting)
  )

  private val mostColumns = 60

  /** A column for each round, or for several of them their mean. */
  def columns(rounds: Seq[RoundSeen]): Elem = {
    val shown = Thinned.of(rounds, mostColumns)(_ + _)
    val means = shown.map(round => round.times / round.rounds)
    val y = Axis.of(0.0 +: means.map(_.total), bottom, top, most = 5, whole = true)
    val ends = shown.flatMap(round => Seq(round.first - 1.0, round.last.toDouble))
    val x = Axis.of(ends, left, right, most = 8, whole = false)
    val drawn = shown.zip(means).map { case (round, mean) =>
      val begin = x(round.first - 1.0)
      val width = (x(round.last) - begin) * 0.86
      val heights = parts.map { case (_, _, part) => bottom - y(part(mean)) }
      val tops = heights.scanLeft(bottom)(_ - _).tail
      <g><title>{s"${named(round)}: ${told(mean)}"}</title>{
        parts.zip(heights).zip(tops).collect {
          case (((_, colour, _), height), upper) if height >= 0.05 =>
            <rect x={Figures.place(begin)} width={Figures.place(width)}
                  y={Figures.place(upper)} height={Figures.place(height)} fill={colour}/>
        }
      }</g>
    }
    LineChart.frame("seconds of a round", "round", x, y)(drawn)
  }

  /** One bar.
    *
    * @param longest
    *   seconds of the longest bar beside it
    */
  def bar(times: Times, longest: Double): Elem = {
    val widths = parts.map { case (_, _, part) => part(times) / math.max(longest, 1e-9) * 200 }
    val begins = widths.scanLeft(0.0)(_ + _)
    <svg viewBox="0 0 200 12" width="200" height="12" role="img" aria-label={told(times)}>
      <title>{told(times)}</title>
      {
      NodeSeq.fromSeq(parts.zip(widths).zip(begins).collect {
        case (((_, colour, _), width), begin) if width >= 0.05 =>
          <rect x={Figures.place(begin)} width={Figures.place(width)} height="12" fill={colour}/>
      })
    }
    </svg>
  }

  def legend: Elem = LineChart.legend(parts.map { case (name, colour, _) => name -> colour })

  private def told(times: Times): String = parts
    .map { case (name, _, part) => s"$name ${Figures.seconds(part(times))}" }
    .mkString(", ")

  private def named(round: RoundSeen): String =
    if (round.rounds == 1) s"round ${round.last}" else s"rounds ${round.first} to ${round.last}"
}
