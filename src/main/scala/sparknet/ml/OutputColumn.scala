package sparknet.ml

import org.apache.spark.ml.linalg.SQLDataTypes
import org.apache.spark.sparknet.{DoubleArray, FloatArray, FloatRoom}
import org.apache.spark.sql.catalyst.expressions.{GenericInternalRow, UnsafeArrayData}
import org.apache.spark.sql.types.{ArrayType, DataType, DoubleType, FloatType, Metadata}
import org.apache.spark.sql.types.StructField

import sparknet.jna.{CaffeException, Status}

/** A column that is made of a blob's values for an item.
  *
  * @param metadata
  *   names of classes, for instance
  */
private[ml] final case class OutputColumn(
    name: String,
    blob: String,
    form: OutputForm,
    metadata: Metadata = Metadata.empty
) {
  def field: StructField = StructField(name, form.dataType, nullable = false, metadata)
}

/** What becomes of an item's values. */
private[ml] sealed abstract class OutputForm(val dataType: DataType) extends Serializable {

  /** For one task. */
  def column(): OutputValue

  /** The shape of what becomes of values of a shape (both without the batch). */
  def shape(of: Array[Int]): Array[Int]
}

/** Makes a column's value of an item's values. */
private[ml] trait OutputValue {

  /** Of `values(from)` until `values(from + count)`; the next call may change it. */
  def of(values: FloatRoom, from: Int, count: Int): Any
}

private[ml] object OutputForm {

  /** A dense vector. */
  case object AsVector extends OutputForm(SQLDataTypes.VectorType) {
    override def shape(of: Array[Int]): Array[Int] = of
    override def column(): OutputValue = new VectorValue((array, values, from, count) => {
      array.resize(count)
      array.copy(values, from)
    })
  }

  /** An array of floats. */
  case object AsArray extends OutputForm(ArrayType(FloatType, containsNull = false)) {
    override def shape(of: Array[Int]): Array[Int] = of
    override def column(): OutputValue = new OutputValue {
      private val array = new FloatArray
      override def of(values: FloatRoom, from: Int, count: Int): Any = {
        array.resize(count)
        array.copy(values, from)
        array.data
      }
    }
  }

  /** The only value. */
  case object AsNumber extends OutputForm(DoubleType) {
    override def shape(of: Array[Int]): Array[Int] = Array.empty
    override def column(): OutputValue = (values, from, _) => values.get(from).toDouble
  }

  /** The first of the largest ones. */
  case object Largest extends OutputForm(DoubleType) {
    override def shape(of: Array[Int]): Array[Int] = Array.empty
    override def column(): OutputValue = (values, from, count) => {
      var best = 0
      for (i <- 1 until count) if (values.get(from + i) > values.get(from + best)) best = i
      best.toDouble
    }
  }

  /** The same of each place; values are those of the classes of the first places, `inner` of each class
    * one after the other, then those of the next places.
    */
  final case class LargestOfEach(classes: Int, inner: Int)
      extends OutputForm(ArrayType(DoubleType, containsNull = false)) {
    override def shape(of: Array[Int]): Array[Int] =
      of.patch(
        of.indices.find(i => of.drop(i + 1).product == inner && of(i) == classes).get,
        Nil,
        1
      )

    override def column(): OutputValue = (values, from, count) => {
      val said = new Array[Double](count / classes)
      for (place <- said.indices) {
        val first = from + place / inner * classes * inner + place % inner
        var best = first
        for (at <- first until first + classes * inner by inner)
          if (values.get(at) > values.get(best)) best = at
        said(place) = ((best - first) / inner).toDouble
      }
      UnsafeArrayData.fromPrimitiveArray(said)
    }
  }

  /** Of one output that says how likely class 1 is. */
  case object BothProbabilities extends OutputForm(SQLDataTypes.VectorType) {
    override def shape(of: Array[Int]): Array[Int] = Array(2)
    override def column(): OutputValue = new VectorValue((array, values, from, _) => {
      array.resize(2)
      array.put(0, 1 - values.get(from).toDouble)
      array.put(1, values.get(from).toDouble)
    })
  }

  /** Of one output that is above 0 where class 1 is likelier. */
  case object BothSides extends OutputForm(SQLDataTypes.VectorType) {
    override def shape(of: Array[Int]): Array[Int] = Array(2)
    override def column(): OutputValue = new VectorValue((array, values, from, _) => {
      array.resize(2)
      array.put(0, -values.get(from).toDouble)
      array.put(1, values.get(from).toDouble)
    })
  }

  /** 1 if the only value is above 0. */
  case object Side extends OutputForm(DoubleType) {
    override def shape(of: Array[Int]): Array[Int] = Array.empty
    override def column(): OutputValue = (values, from, _) => if (values.get(from) > 0) 1.0 else 0.0
  }

  /** Which of the values are above 0, as Spark's multi-label evaluator takes them. */
  case object Positives extends OutputForm(ArrayType(DoubleType, containsNull = false)) {
    override def shape(of: Array[Int]): Array[Int] = throw new CaffeException(
      Status.INVALID_ARGUMENT,
      "items have different numbers of labels, which are no array: ask for probabilities"
    )
    override def column(): OutputValue = (values, from, count) =>
      UnsafeArrayData.fromPrimitiveArray(
        (0 until count).filter(i => values.get(from + i) > 0).map(_.toDouble).toArray
      )
  }

  /** As Spark's VectorUDT has dense ones: type 1, no size, no indices, values. */
  private final class VectorValue(fill: (DoubleArray, FloatRoom, Int, Int) => Unit)
      extends OutputValue {
    private val array = new DoubleArray
    private val vector = new GenericInternalRow(Array[Any](1.toByte, null, null, null))

    override def of(values: FloatRoom, from: Int, count: Int): Any = {
      fill(array, values, from, count)
      vector.update(3, array.data)
      vector
    }
  }
}
