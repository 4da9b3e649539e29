package sparknet.data

import org.apache.spark.rdd.RDD
import org.apache.spark.sparknet.RowMemory
import org.apache.spark.sql.{Column, DataFrame}
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.functions.col

/** Blocks from the columns of a DataFrame. */
private[sparknet] object Columns {
  private val blockBytes = 16 << 20

  /** @param columns
    *   names and shapes of what items are made of, as for [[RowItems]]
    * @param skip
    *   true: rows that cannot be used are left out and counted; false: the first one is the fault of all
    * @param marks
    *   which of the rows are meant; None: all
    */
  def blocks(
      frame: DataFrame,
      columns: Seq[(String, Array[Int])],
      label: Option[String],
      labelCount: Int,
      weight: Option[String],
      skip: Boolean,
      bgr: Boolean,
      marks: Option[Marks]
  ): (RDD[Block], RowItems) = {
    def of(rows: DataFrame) = RowItems(rows.schema, columns, label, labelCount, weight, bgr)
    of(frame) // has its say before Spark
    val names = (columns.map(_._1) ++ label ++ weight ++ marks.map(_.column)).distinct
    val needed = frame.select(names.map(quoted): _*)
    val items = of(needed)
    val marked = marks.map(m => new MarksReader(m, needed.schema))
    val blocks = RowMemory
      .rows(needed)
      .mapPartitionsWithIndex((partition, rows) => packed(partition, rows, items, skip, marked))
    (blocks, items)
  }

  /** The blocks of one partition. */
  private def packed(
      partition: Int,
      rows: Iterator[InternalRow],
      items: RowItems,
      skip: Boolean,
      marked: Option[MarksReader]
  ): Iterator[Block] = {
    val capacity = math.max(1, blockBytes / (4 * Block.product(items.shape)))
    val builder = items.builder(capacity)
    var record = 0L
    var fault = Option.empty[Fault]
    Iterator.continually(()).takeWhile(_ => fault.isEmpty && rows.hasNext).map { _ =>
      var leftOut = BadRecords.empty
      while (fault.isEmpty && builder.size < capacity && rows.hasNext) {
        val row = rows.next()
        def refuse(what: String, reason: String): Unit = {
          val where = s"record $record of partition $partition"
          if (skip) leftOut += BadRecord(reason, where)
          else fault = Some(Fault.ofData(s"$where: $what"))
        }
        val unfit = if (marked.isEmpty) null else marked.get.unfit(row)
        if (unfit != null) refuse(unfit.toString, unfit.reason)
        else if (marked.isEmpty || marked.get.isMeant(row))
          builder.add(row).foreach(refuse(_, builder.reason))
        record += 1
      }
      fault.fold(builder.result().noting(None, leftOut))(Block.faulty(items.shape, _))
    }
  }

  /** A column by its name, whatever characters that has. */
  def quoted(name: String): Column = col("`" + name.replace("`", "``") + "`")
}
