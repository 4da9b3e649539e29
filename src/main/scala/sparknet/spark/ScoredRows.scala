package org.apache.spark.sql.sparknet

import scala.collection.mutable.ArrayBuffer

import org.apache.spark.TaskContext
import org.apache.spark.rdd.RDD
import org.apache.spark.sparknet.RowMemory
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.analysis.MultiInstanceRelation
import org.apache.spark.sql.catalyst.expressions.{
  Alias,
  Attribute,
  AttributeReference,
  AttributeSet,
  ExprId
}
import org.apache.spark.sql.catalyst.expressions.{JoinedRow, SortOrder, UnsafeProjection}
import org.apache.spark.sql.catalyst.plans.logical.{Filter, LogicalPlan, Project, UnaryNode}
import org.apache.spark.sql.catalyst.plans.physical.Partitioning
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.execution.{SparkPlan, SparkStrategy, UnaryExecNode}
import org.apache.spark.sql.types.{StructField, StructType}
import org.apache.spark.sql.{DataFrame, SparkSession}

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

  /** Works out the values of the rows that were taken since the last call.
    *
    * @return
    *   places of rows among them that are left out after all, in ascending order
    */
  def run(): Array[Int]

  /** The values to add to row `i` of those that are left; the next call may change them. */
  def values(i: Int): InternalRow
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
    Frames.of(session, ScoredRows(child, needed, made, columns, Set.empty))
  }

  /** Lets a session know how it is done. */
  private def plan(session: SparkSession): Unit = session.synchronized {
    val own = session.experimental
    if (!own.extraStrategies.contains(ScoredRowsStrategy)) {
      own.extraStrategies = own.extraStrategies :+ ScoredRowsStrategy
      own.extraOptimizations = own.extraOptimizations :+ UnaskedColumns
    }
  }
}

/** @param needed
  *   of the child's columns; the others are there to be kept
  * @param dropped
  *   of the needed columns those that nobody asks for afterwards
  */
final case class ScoredRows(
    child: LogicalPlan,
    needed: Seq[Attribute],
    added: Seq[Attribute],
    columns: BatchedColumns,
    dropped: Set[ExprId]
) extends UnaryNode
    with MultiInstanceRelation {
  override def output: Seq[Attribute] =
    child.output.filterNot(a => dropped(a.exprId)) ++ added
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

/** Of what the net looks at nothing is kept for a batch that is not asked for: images, most of all. */
private object UnaskedColumns extends Rule[LogicalPlan] {
  override def apply(plan: LogicalPlan): LogicalPlan = plan.transform {
    case project @ Project(columns, scored: ScoredRows) =>
      val rest = without(scored, project.references)
      if (columns == rest.output) rest else project.withNewChildren(Seq(rest))
    case project @ Project(_, filter @ Filter(_, scored: ScoredRows)) =>
      val asked = project.references ++ filter.references
      project.withNewChildren(Seq(filter.withNewChildren(Seq(without(scored, asked)))))
  }

  private def without(scored: ScoredRows, asked: AttributeSet): ScoredRows =
    scored.copy(dropped = scored.child.output.filterNot(asked.contains).map(_.exprId).toSet)
}

private object ScoredRowsStrategy extends SparkStrategy {
  override def apply(plan: LogicalPlan): Seq[SparkPlan] = plan match {
    case ScoredRows(child, needed, added, columns, dropped) =>
      Seq(ScoredRowsExec(planLater(child), needed, added, columns, dropped))
    case _ => Nil
  }
}

final case class ScoredRowsExec(
    child: SparkPlan,
    needed: Seq[Attribute],
    added: Seq[Attribute],
    columns: BatchedColumns,
    dropped: Set[ExprId]
) extends UnaryExecNode {
  private def kept = child.output.filterNot(a => dropped(a.exprId))

  override def nodeName: String = "SparkNet"
  override def output: Seq[Attribute] = kept ++ added
  override def producedAttributes: AttributeSet = AttributeSet(added)
  override def outputPartitioning: Partitioning = child.outputPartitioning
  override def outputOrdering: Seq[SortOrder] = child.outputOrdering

  override protected def doExecute(): RDD[InternalRow] = {
    val ids = needed.map(_.exprId).toSet
    // Names may be there twice, and only those of the columns that are needed matter.
    val schema = StructType(child.output.zipWithIndex.map { case (a, i) =>
      StructField(if (ids(a.exprId)) a.name else s"#$i", a.dataType, a.nullable, a.metadata)
    })
    val (all, keeping, own, batches) = (child.output, kept, output, columns.bind(schema))
    RowMemory.rows(child).mapPartitionsWithIndex { (partition, rows) =>
      if (rows.isEmpty) Iterator.empty
      else {
        val batch = batches.open(partition)
        Option(TaskContext.get()).foreach(_.addTaskCompletionListener[Unit](_ => batch.close()))
        val keep = UnsafeProjection.create(keeping, all)
        val copy =
          if (keeping.isEmpty) (_: InternalRow) => InternalRow.empty
          else (row: InternalRow) => keep(row).copy()
        new BatchedRows(rows, batch, copy).map(UnsafeProjection.create(own, own))
      }
    }
  }

  override protected def withNewChildInternal(changed: SparkPlan): SparkPlan =
    copy(child = changed)
}

/** @param keep
  *   copies what is kept of a row until it has its values
  */
private final class BatchedRows(
    rows: Iterator[InternalRow],
    batch: RowBatch,
    keep: InternalRow => InternalRow
) extends Iterator[InternalRow] {
  private var kept = new ArrayBuffer[InternalRow](batch.capacity)
  private var at = 0
  private val joined = new JoinedRow

  override def hasNext: Boolean = {
    while (at == kept.length && rows.hasNext) fill()
    at < kept.length
  }

  override def next(): InternalRow = {
    if (!hasNext) throw new NoSuchElementException
    at += 1
    joined(kept(at - 1), batch.values(at - 1))
  }

  private def fill(): Unit = {
    kept.clear()
    at = 0
    while (kept.length < batch.capacity && rows.hasNext) {
      val row = rows.next()
      if (batch.add(row)) kept += keep(row)
    }
    if (kept.nonEmpty) {
      val leftOut = batch.run()
      if (leftOut.nonEmpty) {
        val places = leftOut.toSet
        kept = ArrayBuffer(kept.indices.filterNot(places).map(kept): _*)
      }
    }
  }
}
