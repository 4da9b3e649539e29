package sparknet.ml

import org.apache.spark.ml.attribute.{Attribute, BinaryAttribute, NominalAttribute}
import org.apache.spark.ml.feature.StringIndexer
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.when
import org.apache.spark.sql.types.{Metadata, NumericType, StringType, StructField}

import sparknet.data.Columns.quoted

/** A column of labels.
  *
  * @param frame
  *   with the column as numbers
  * @param column
  *   its name there
  * @param names
  *   of the classes, if they have any
  */
private[ml] final case class Labels(frame: DataFrame, column: String, names: Array[String])

private[ml] object Labels {

  /** Strings become classes, the most frequent one 0, as Spark's StringIndexer has it. */
  def of(frame: DataFrame, column: String): Labels = {
    InputColumns.check(frame.schema, column)
    if (frame.schema(column).dataType != StringType)
      Labels(frame, column, namesOf(frame.schema(column)))
    else {
      val index = s"${column}_as_class"
      // What has no class is judged with all else that a row has.
      val indexer = new StringIndexer()
        .setInputCol(column)
        .setOutputCol(index)
        .setHandleInvalid("keep")
        .fit(frame)
      val known = when(quoted(column).isNotNull, quoted(index))
      Labels(indexer.transform(frame).withColumn(index, known), index, indexer.labelsArray(0))
    }
  }

  /** As metadata of a column, where Spark's IndexToString finds them. */
  def metadata(names: Array[String]): Metadata =
    if (names.isEmpty) Metadata.empty
    else NominalAttribute.defaultAttr.withValues(names).toMetadata()

  private def namesOf(field: StructField): Array[String] = field.dataType match {
    case _: NumericType => namesIn(field)
    case _              => Array.empty // several labels, which have no names of their own
  }

  private def namesIn(field: StructField) = Attribute.fromStructField(field) match {
    case nominal: NominalAttribute => nominal.values.getOrElse(Array.empty[String])
    case binary: BinaryAttribute   => binary.values.getOrElse(Array.empty[String])
    case _                         => Array.empty[String]
  }
}
