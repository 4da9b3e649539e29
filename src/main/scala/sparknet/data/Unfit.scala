package sparknet.data

import org.apache.spark.sparknet.{FloatRoom, RowMemory}

/** Why what a column has in a row cannot be used.
  *
  * @param kind
  *   a reason of [[BadRecord]]
  * @param what
  *   is wrong with the column, as the end of a sentence
  */
private[data] final case class Unfit(column: String, kind: String, what: String) {

  /** The reason by which such rows are counted. */
  def reason: String = s"$kind in column '$column'"

  override def toString: String = s"column '$column' $what"
}

private[data] object Unfit {

  def missing(column: String): Unfit = Unfit(column, BadRecord.missingValue, "is null")

  def missing(column: String, value: Int): Unfit =
    Unfit(column, BadRecord.missingValue, s"has a null at value $value")

  def count(column: String, found: Int, shape: Array[Int]): Unfit = {
    val wanted = Block.product(shape)
    val extents = if (shape.length > 1) s" (${shape.mkString("x")})" else ""
    Unfit(
      column,
      BadRecord.wrongCount,
      s"has $found ${if (found == 1) "value" else "values"} instead of $wanted$extents"
    )
  }

  /** Of a value that is NaN or infinite, or null if all are numbers. */
  def among(column: String, values: FloatRoom, from: Int, count: Int): Unfit = {
    if (RowMemory.areFinite(values, from, count)) null
    else {
      val first = (0 until count).indexWhere { i =>
        val value = values.get(from + i)
        value.isNaN || value.isInfinite
      }
      val at = if (count == 1) "" else s" at value $first"
      if (values.get(from + first).isNaN) Unfit(column, BadRecord.notANumber, s"has a NaN$at")
      else Unfit(column, BadRecord.infinite, s"has an infinite value$at")
    }
  }
}
