package sparknet.ml

import org.apache.spark.ml.linalg.{SQLDataTypes, Vector, Vectors}
import org.apache.spark.sparknet.FloatRoom
import org.apache.spark.sql.catalyst.CatalystTypeConverters
import org.apache.spark.sql.catalyst.util.ArrayData
import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

class OutputColumnSpec extends AnyFlatSpec {
  private val values = new FloatRoom(Array(9f, 0.25f, 0.75f, 0.75f, -1f, 0f))

  /** What users see of the column for values 1 to 3, and then for values 3 to 5. */
  private def seen(form: OutputForm, count: Int): Seq[Any] = {
    val column = form.column()
    val show = CatalystTypeConverters.createToScalaConverter(form.dataType)
    Seq(1, 3).map(from => show(column.of(values, from, count)))
  }

  "An item's values" should "become the column that was asked for" taggedAs Unit in {
    assert(SQLDataTypes.VectorType == OutputForm.AsVector.dataType)
    assert(
      seen(OutputForm.AsVector, 3) ==
        Seq[Vector](Vectors.dense(0.25, 0.75, 0.75), Vectors.dense(0.75, -1, 0))
    )
    assert(seen(OutputForm.AsArray, 3) == Seq(Seq(0.25f, 0.75f, 0.75f), Seq(0.75f, -1f, 0f)))
    assert(seen(OutputForm.AsNumber, 1) == Seq(0.25, 0.75))
    assert(seen(OutputForm.Largest, 3) == Seq(1.0, 0.0))
    assert(
      seen(OutputForm.BothProbabilities, 1) ==
        Seq[Vector](Vectors.dense(0.75, 0.25), Vectors.dense(0.25, 0.75))
    )
    assert(
      seen(OutputForm.BothSides, 1) ==
        Seq[Vector](Vectors.dense(-0.25, 0.25), Vectors.dense(-0.75, 0.75))
    )
    assert(seen(OutputForm.Side, 1) == Seq(1.0, 1.0))
    assert(OutputForm.Side.column().of(values, 4, 1) == 0.0)
    assert(seen(OutputForm.Positives, 3) == Seq(Seq(0.0, 1.0, 2.0), Seq(0.0)))
  }

  it should "be Spark's own arrays" taggedAs Unit in {
    val array = OutputForm.AsArray.column().of(values, 0, 6).asInstanceOf[ArrayData]
    assert(array.toFloatArray().sameElements(Array(9f, 0.25f, 0.75f, 0.75f, -1f, 0f)))
  }
}
