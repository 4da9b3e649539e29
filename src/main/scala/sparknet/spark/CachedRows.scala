package org.apache.spark.sql.execution.columnar.sparknet

import java.nio.{ByteBuffer, ByteOrder}

import org.apache.spark.rdd.RDD
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.SpecificInternalRow
import org.apache.spark.sql.columnar.CachedBatch
import org.apache.spark.sql.execution.SparkPlan
import org.apache.spark.sql.execution.adaptive.{AdaptiveSparkPlanExec, TableCacheQueryStageExec}
import org.apache.spark.sql.execution.columnar.{
  ColumnAccessor,
  DefaultCachedBatch,
  DefaultCachedBatchSerializer,
  InMemoryTableScanExec
}
import org.apache.spark.sql.types.DataType

/** The rows of a cached table, whose arrays and vectors lie where the cache has them. Spark's own scan
  * copies every row once before it gives it to anybody.
  */
private[spark] object CachedRows {

  /** None: the plan is not a scan of all rows of a table in Spark's own kind of cache. */
  def of(plan: SparkPlan): Option[RDD[InternalRow]] = plan match {
    case adaptive: AdaptiveSparkPlanExec => of(adaptive.inputPlan)
    case stage: TableCacheQueryStageExec => of(stage.plan)
    case scan: InMemoryTableScanExec if scan.predicates.isEmpty && isOwn(scan) =>
      val cached = scan.relation.output.map(_.exprId)
      val columns = scan.attributes.map(a => cached.indexOf(a.exprId)).toArray
      val types = scan.attributes.map(_.dataType).toArray
      Some(scan.baseCacheRDD().mapPartitions(new CachedRows(_, columns, types)))
    case _ => None
  }

  private def isOwn(scan: InMemoryTableScanExec): Boolean =
    scan.relation.cacheBuilder.serializer.getClass == classOf[DefaultCachedBatchSerializer]
}

/** Gives the same row again and again, with other content.
  *
  * @param columns
  *   which ones of the cached columns
  */
private final class CachedRows(
    batches: Iterator[CachedBatch],
    columns: Array[Int],
    types: Array[DataType]
) extends Iterator[InternalRow] {
  private val row = new SpecificInternalRow(types.toSeq)
  private var values = Array.empty[ColumnAccessor]
  private var left = 0 // rows of the batch

  override def hasNext: Boolean = {
    while (left == 0 && batches.hasNext) open(batches.next())
    left > 0
  }

  override def next(): InternalRow = {
    if (!hasNext) throw new NoSuchElementException
    left -= 1
    var i = 0
    while (i < values.length) {
      values(i).extractTo(row, i)
      i += 1
    }
    row
  }

  private def open(batch: CachedBatch): Unit = batch match {
    case own: DefaultCachedBatch =>
      values = columns.zip(types).map { case (column, of) =>
        ColumnAccessor(of, ByteBuffer.wrap(own.buffers(column)).order(ByteOrder.nativeOrder))
      }
      left = own.numRows
    case other => throw new IllegalStateException(s"a cached batch of ${other.getClass.getName}")
  }
}
