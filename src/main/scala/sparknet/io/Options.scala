package sparknet.io

import java.util.{Map => JavaMap}

import scala.collection.JavaConverters._

import sparknet.jna.{CaffeException, Status}

/** Named options, as Python sends them: only those that the user has set.
  *
  * @param known
  *   the names that there are
  */
final class Options(chosen: JavaMap[String, Object], known: String*) {
  chosen.keySet.asScala.toSeq.sorted
    .find(!known.contains(_))
    .foreach(unknown =>
      invalid(
        s"there is no option '$unknown'; there are ${known.init.mkString(", ")} and ${known.last}"
      )
    )

  def long(name: String, default: Long): Long = get(name, default) {
    case n: java.lang.Long    => n
    case n: java.lang.Integer => n.toLong
    case other                => invalid(s"option $name is not a whole number: $other")
  }

  def int(name: String, default: Int): Int = {
    val number = long(name, default.toLong)
    if (number != number.toInt) invalid(s"option $name is too large: $number")
    number.toInt
  }

  def double(name: String, default: Double): Double = get(name, default) {
    case n: Number => n.doubleValue
    case other     => invalid(s"option $name is not a number: $other")
  }

  def boolean(name: String, default: Boolean): Boolean = get(name, default) {
    case b: java.lang.Boolean => b
    case other                => invalid(s"option $name is neither true nor false: $other")
  }

  def string(name: String, default: String): String = get(name, default)(_.toString)

  private def get[A](name: String, default: A)(read: Object => A): A =
    Option(chosen.get(name)).fold(default)(read)

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
