package support

import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection
import org.apache.spark.sql.catalyst.util.ArrayData
import org.apache.spark.sql.types._
import org.scalatest.Assertion

/** Rows as Spark hands them to what reads them. */
object InternalRows {
  def schema(fields: (String, DataType)*): StructType =
    StructType(fields.map { case (name, of) => StructField(name, of) })

  def array(values: Any*): ArrayData = ArrayData.toArrayData(values.toArray)

  /** Runs a test on rows as Spark's own operators make them, and on rows of objects. */
  def both(of: StructType, rows: Seq[Any]*)(test: Seq[InternalRow] => Assertion): Unit = {
    val objects = rows.map(InternalRow(_: _*))
    test(objects)
    val project = UnsafeProjection.create(of)
    test(objects.map(project(_).copy()))
    ()
  }
}

/** Of the name and with the memory that Spark ML's has, which is in another library. */
final class VectorUDT extends UserDefinedType[AnyRef] {
  override def sqlType: DataType = StructType(
    Seq(
      StructField("type", ByteType, nullable = false),
      StructField("size", IntegerType),
      StructField("indices", ArrayType(IntegerType, containsNull = false)),
      StructField("values", ArrayType(DoubleType, containsNull = false))
    )
  )
  override def userClass: Class[AnyRef] = classOf[AnyRef]
  override def serialize(obj: AnyRef): Any = obj
  override def deserialize(datum: Any): AnyRef = datum.asInstanceOf[AnyRef]
}
