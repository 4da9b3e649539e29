package sparknet.data

import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.types.{BooleanType, StructType}

import sparknet.jna.{CaffeException, Status}

/** Which rows of a DataFrame are meant: those that have `value` in a column of true and false. A row
  * that has neither is one that cannot be used; of two data sets that share the rows the one of false
  * says so.
  */
private[sparknet] final case class Marks(column: String, value: Boolean)

/** @param schema
  *   of the rows
  */
private[data] final class MarksReader(marks: Marks, schema: StructType) extends Serializable {
  private val ordinal = schema.fieldIndex(marks.column)

  if (schema(ordinal).dataType != BooleanType)
    throw new CaffeException(
      Status.INVALID_ARGUMENT,
      s"column '${marks.column}' tells rows apart by true and false, and is " +
        schema(ordinal).dataType.catalogString
    )

  /** Why a row cannot be used, or null. */
  def unfit(row: InternalRow): Unfit =
    if (!marks.value && row.isNullAt(ordinal)) Unfit.missing(marks.column) else null

  def isMeant(row: InternalRow): Boolean =
    !row.isNullAt(ordinal) && row.getBoolean(ordinal) == marks.value
}
