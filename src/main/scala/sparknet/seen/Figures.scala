package sparknet.seen

import java.time.format.DateTimeFormatter
import java.time.{Instant, ZoneId}
import java.util.Locale

/** Numbers and times as people read them. */
private[seen] object Figures {
  private val clock = DateTimeFormatter.ofPattern("yyyy/MM/dd HH:mm:ss", Locale.ROOT)

  /** "1,234". */
  def count(n: Long): String = format("%,d", n)

  /** With about three digits that matter: "1,234", "12.3", "0.0123". */
  def value(x: Double): String =
    if (x.isNaN || x.isInfinite) x.toString
    else
      math.abs(x) match {
        case 0             => "0"
        case a if a >= 1e7 => format("%.2e", x)
        case a if a >= 100 => format("%,.0f", x)
        case a if a >= 10  => format("%.1f", x)
        case a if a >= 1   => format("%.2f", x)
        case a if a < 1e-4 => format("%.2e", x)
        case _             => format("%.4f", x)
      }

  /** "2 h 5 min", "1 min 5 s", "12.3 s", "45 ms". */
  def seconds(s: Double): String = {
    val whole = math.round(s)
    if (s >= 3600) s"${whole / 3600} h ${whole % 3600 / 60} min"
    else if (s >= 60) s"${whole / 60} min ${whole % 60} s"
    else if (s >= 1) format("%.1f s", s)
    else if (s > 0 && s < 0.001) "<1 ms"
    else format("%.0f ms", s * 1000)
  }

  /** A moment, in milliseconds since 1970, where the driver is. */
  def moment(millis: Long): String =
    clock.format(Instant.ofEpochMilli(millis).atZone(ZoneId.systemDefault))

  /** A place in a picture. */
  def place(x: Double): String = format("%.1f", x).stripSuffix(".0")

  private def format(pattern: String, x: Any): String = pattern.formatLocal(Locale.ROOT, x)
}
