package sparknet.ml

import org.apache.spark.broadcast.Broadcast
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow
import org.apache.spark.sql.sparknet.{BatchedColumns, RowBatch, RowBatches}
import org.apache.spark.sql.types.StructType
import org.slf4j.LoggerFactory

import sparknet.data.{Augmentation, Preprocessing, RowItems}
import sparknet.jna.{CaffeException, NativeBlob, NativeNet, Status}

/** Scores rows with a net in the tasks that compute them.
  *
  * @param columns
  *   with the shapes of what they hold
  * @param inputs
  *   of the net, with the shapes that they get
  * @param bgr
  *   whether the net takes images as planes blue, green, red
  * @param batch
  *   rows at a time
  * @param threads
  *   of the net in each task
  * @param skips
  *   whether rows that cannot be used are left out
  */
private[ml] final class Scoring(
    model: Broadcast[TrainedNet],
    columns: Seq[(String, Array[Int])],
    inputs: Seq[(String, Array[Int])],
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    bgr: Boolean,
    outputs: Seq[OutputColumn],
    batch: Int,
    threads: Int,
    skips: Boolean
) extends BatchedColumns {
  override def bind(schema: StructType): RowBatches = {
    val items = RowItems(schema, columns, None, 0, None, bgr)
    partition => new Scored(items, partition, NetPool.lend(model.value, threads))
  }

  private final class Scored(items: RowItems, partition: Int, net: NativeNet) extends RowBatch {
    net.keepValues(outputs.map(_.blob).toArray)
    private val fed = inputs.map { case (name, shape) => (net.blob(name), shape) }
    private val filler =
      items.filler(preprocessing, augmentation, inputs.map(_._2.product).toArray, batch)
    private val rows = new Array[Long](batch) // of the partition
    private val blobs =
      outputs.map(_.blob).distinct.map(name => name -> new OutputValues(name, net.blob(name))).toMap
    private val columns = outputs.map { output =>
      (blobs(output.blob), output.form.column())
    }.toArray
    private val made = new GenericInternalRow(outputs.length)
    private var filling = false
    private var addresses = Array.empty[Long] // of the inputs
    private var shaped = 0 // rows for which the inputs have their shape
    private var size = 0 // rows for which all of the net has
    private var seen = 0L
    private var skipped = 0L
    private var sound = true // what failed in between may be spoilt

    override def capacity: Int = batch

    override def add(row: InternalRow): Boolean = {
      if (!filling) begin()
      rows(filler.size) = seen
      seen += 1
      filler.add(row) match {
        case None             => true
        case Some(_) if skips =>
          skipped += 1
          false
        case Some(why) =>
          filler.finish().foreach { case (place, earlier) => refuse(rows(place), earlier) }
          refuse(seen - 1, why)
      }
    }

    override def run(): Array[Int] = {
      filling = false
      val unusable = filler.finish()
      if (!skips) unusable.foreach { case (place, why) => refuse(rows(place), why) }
      skipped += unusable.length
      if (filler.size > 0) forward(filler.size)
      unusable.map(_._1).toArray
    }

    override def values(i: Int): InternalRow = {
      var k = 0
      while (k < columns.length) {
        val (values, column) = columns(k)
        made.update(k, column.of(values.floats, i * values.count, values.count))
        k += 1
      }
      made
    }

    /** Rows go where the net reads them. */
    private def begin(): Unit = {
      if (shaped != batch) {
        reshape(batch)
        addresses = fed.map { case (blob, _) => blob.address(NativeBlob.Data) }.toArray
      }
      filler.begin(addresses)
      filling = true
    }

    // Values stay where they are as long as there is room.
    private def reshape(rows: Int): Unit = {
      fed.foreach { case (blob, shape) => blob.reshape(rows +: shape) }
      shaped = rows
    }

    private def forward(rows: Int): Unit = {
      sound = false
      if (rows < batch) reshape(rows)
      if (rows != size) net.reshape()
      size = rows
      net.forward()
      blobs.foreach(_._2.read(rows))
      sound = true
    }

    private def refuse(row: Long, why: String): Nothing =
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"row $row of partition $partition: $why"
      )

    override def close(): Unit = {
      if (skipped > 0)
        Scoring.log.warn(s"$skipped of $seen rows of partition $partition cannot be used")
      filler.close()
      blobs.foreach(_._2.close())
      if (sound) NetPool.takeBack(model.value, net) else net.close()
    }
  }
}

private object Scoring {
  private val log = LoggerFactory.getLogger(classOf[Scoring])
}
