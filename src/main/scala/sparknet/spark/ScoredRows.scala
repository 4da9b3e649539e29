package org.apache.spark.sql.sparknet

import scala.collection.mutable.ArrayBuffer

import org.apache.spark.TaskContext
import org.apache.spark.rdd.RDD
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.analysis.MultiInstanceRelation
import org.apache.spark.sql.catalyst.expressions.{
  Alias,
  Attribute,
  AttributeReference,
  AttributeSet
}
import org.apache.spark.sql.catalyst.expressions.{JoinedRow, SortOrder, UnsafeProjection}
import org.apache.spark.sql.catalyst.plans.logical.{LogicalPlan, Project, UnaryNode}
import org.apache.spark.sql.catalyst.plans.physical.Partitioning
import org.apache.spark.sql.execution.{SparkPlan, SparkStrategy, UnaryExecNode}
import org.apache.spark.sql.types.{StructField, StructType}
import org.apache.spark.sql.{DataFrame, Dataset, SparkSession}

/** What adds columns to rows, many rows at a time. */
trait BatchedColumns extends Serializable {

  /** On the driver, when the rows are about to be computed.
    *
    * @param schema
    *   of the rows, in which only the columns that it asked for have their names
    */
  def bind(schema: StructType): RowBatches
}

/** Sent to the tasks. */
trait RowBatches extends Serializable {
  def open(partition: Int): RowBatch
}

/** The rows of a batch; closed when the task ends. */
trait RowBatch extends AutoCloseable {
  def capacity: Int

  /** Takes what it needs of a row, which may change afterwards; false: the row is left out. */
  def add(row: InternalRow): Boolean

  /** The values to add to each row that was taken since the last call. */
  def run(): Array[InternalRow]
}

/** Columns that are added to all those there are, when the rows are computed. */
object ScoredRows {

  /** @param needs
    *   names of the columns that it looks at
    */
  def add(
      frame: DataFrame,
      needs: Seq[String],
      added: Seq[StructField],
      columns: BatchedColumns
  ): DataFrame = {
    val session = frame.sparkSession
    plan(session)
    val child = frame.queryExecution.analyzed
    val resolver = session.sessionState.conf.resolver
    val needed = needs.map { name =>
      child.output
        .find(a => resolver(a.name, name))
        .getOrElse(
          child
            .resolve(Seq(name), resolver)
            .map(_.toAttribute)
            .getOrElse(throw new NoSuchElementException(name))
        )
    }
    val made = added.map(f => AttributeReference(f.name, f.dataType, f.nullable, f.metadata)())
    Dataset.ofRows(session, ScoredRows(child, needed, made, columns))
  }

  /** Lets a session know how it is done. */
  private def plan(session: SparkSession): Unit = session.synchronized {
    val known = session.experimental.extraStrategies
    if (!known.contains(ScoredRowsStrategy))
      session.experimental.extraStrategies = known :+ ScoredRowsStrategy
  }
}

/** @param needed
  *   of the child's columns; the others are there to be kept
  */
final case class ScoredRows(
    child: LogicalPlan,
    needed: Seq[Attribute],
    added: Seq[Attribute],
    columns: BatchedColumns
) extends UnaryNode
    with MultiInstanceRelation {
  override def output: Seq[Attribute] = child.output ++ added
  override def producedAttributes: AttributeSet = AttributeSet(added)

  // Where a table is joined with itself the two must not have the same columns.
  override def newInstance(): LogicalPlan = {
    val fresh = child.output.map(a => Alias(a, a.name)(explicitMetadata = Some(a.metadata)))
    val renamed = child.output.map(_.exprId).zip(fresh.map(_.toAttribute)).toMap
    copy(
      Project(fresh, child),
      needed.map(a => renamed.getOrElse(a.exprId, a)),
      added.map(_.newInstance())
    )
  }

  override protected def withNewChildInternal(changed: LogicalPlan): LogicalPlan =
    copy(child = changed)
}

private object ScoredRowsStrategy extends SparkStrategy {
  override def apply(plan: LogicalPlan): Seq[SparkPlan] = plan match {
    case ScoredRows(child, needed, added, columns) =>
      Seq(ScoredRowsExec(planLater(child), needed, added, columns))
    case _ => Nil
  }
}

final case class ScoredRowsExec(
    child: SparkPlan,
    needed: Seq[Attribute],
    added: Seq[Attribute],
    columns: BatchedColumns
) extends UnaryExecNode {
  override def nodeName: String = "SparkNet"
  override def output: Seq[Attribute] = child.output ++ added
  override def producedAttributes: AttributeSet = AttributeSet(added)
  override def outputPartitioning: Partitioning = child.outputPartitioning
  override def outputOrdering: Seq[SortOrder] = child.outputOrdering

  override protected def doExecute(): RDD[InternalRow] = {
    val ids = needed.map(_.exprId).toSet
    // Names may be there twice, and only those of the columns that are needed matter.
    val schema = StructType(child.output.zipWithIndex.map { case (a, i) =>
      StructField(if (ids(a.exprId)) a.name else s"#$i", a.dataType, a.nullable, a.metadata)
    })
    val (own, from, batches) = (output, child.output ++ added, columns.bind(schema))
    child.execute().mapPartitionsWithIndex { (partition, rows) =>
      if (rows.isEmpty) Iterator.empty
      else {
        val batch = batches.open(partition)
        Option(TaskContext.get).foreach(_.addTaskCompletionListener[Unit](_ => batch.close()))
        val joined = UnsafeProjection.create(own, from)
        new BatchedRows(rows, batch).map(joined)
      }
    }
  }

  override protected def withNewChildInternal(changed: SparkPlan): SparkPlan =
    copy(child = changed)
}

private final class BatchedRows(rows: Iterator[InternalRow], batch: RowBatch)
    extends Iterator[InternalRow] {
  private val kept = new ArrayBuffer[InternalRow](batch.capacity)
  private var values = Array.empty[InternalRow]
  private var at = 0
  private val joined = new JoinedRow

  override def hasNext: Boolean = at < kept.length || fill()

  override def next(): InternalRow = {
    if (!hasNext) throw new NoSuchElementException
    at += 1
    joined(kept(at - 1), values(at - 1))
  }

  private def fill(): Boolean = {
    kept.clear()
    at = 0
    while (kept.length < batch.capacity && rows.hasNext) {
      val row = rows.next()
      if (batch.add(row)) kept += row.copy()
    }
    if (kept.nonEmpty) values = batch.run()
    kept.nonEmpty
  }

}
