package apps

/** A command's arguments: first those by position, then those of the form `name=value`.
  *
  * What is wrong with them is thrown as IllegalArgumentException.
  */
private[apps] final class AppArguments(args: Array[String]) {
  private val named = """([a-z]+(?:-[a-z]+)*)=(.*)""".r

  private val positions = args.takeWhile(!named.pattern.matcher(_).matches)

  private val values: Map[String, String] = args
    .drop(positions.length)
    .map {
      case named(name, value) => name -> value
      case other              => throw new IllegalArgumentException(s"'$other' is out of place")
    }
    .toMap

  /** The argument at a position, if it is there and not empty. */
  def apply(position: Int): Option[String] = positions.lift(position).filter(_.nonEmpty)

  def apply(name: String): Option[String] = values.get(name).filter(_.nonEmpty)

  /** The first argument of each app. */
  def workers: Int = number(0).getOrElse(
    throw new IllegalArgumentException("the number of workers is missing")
  )

  def number(position: Int): Option[Int] = apply(position).map(toNumber)

  def number(name: String): Option[Int] = apply(name).map(toNumber)

  /** Refuses arguments beyond a number of positions, and names that are not expected. */
  def expect(most: Int, names: String*): Unit = {
    val wrong = positions.drop(most) ++ values.keys.toSeq.sorted.diff(names)
    if (wrong.nonEmpty)
      throw new IllegalArgumentException(s"unknown: ${wrong.mkString(", ")}")
  }

  private def toNumber(text: String): Int =
    if (text.matches("[1-9]\\d{0,8}")) text.toInt
    else throw new IllegalArgumentException(s"'$text' is not a number")
}
