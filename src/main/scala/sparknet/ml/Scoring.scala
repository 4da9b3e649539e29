package sparknet.ml

import org.apache.spark.broadcast.Broadcast
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow
import org.apache.spark.sql.sparknet.{BatchedColumns, RowBatch, RowBatches}
import org.apache.spark.sql.types.StructType
import org.slf4j.LoggerFactory

import sparknet.data.{Augmentation, Block, BlockBuilder, Item, Minibatches, Preprocessing, RowItems}
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
    private val builder: BlockBuilder = items.builder(batch)
    private val fed = inputs.map { case (name, shape) => (net.blob(name), shape) }
    private val blobs = outputs.map(_.blob).distinct.map(name => name -> net.blob(name)).toMap
    private var waiting = Option.empty[Block]
    private var seen = 0L
    private var skipped = 0L
    private var size = 0
    private var sound = true // what failed in between may be spoilt

    private val source = new Iterator[Item] {
      private var at = 0
      override def hasNext: Boolean = waiting.nonEmpty
      override def next(): Item = {
        val block = waiting.get
        val item = Item(block, at)
        at += 1
        if (at == block.size) {
          at = 0
          waiting = None
        }
        item
      }
    }
    private val minibatches =
      new Minibatches(source, items.shape, preprocessing, augmentation, batch)
    private val minibatch = minibatches.newMinibatch()

    override def capacity: Int = batch

    override def add(row: InternalRow): Boolean = {
      seen += 1
      builder.add(row) match {
        case None => true
        case Some(_) if skips =>
          skipped += 1
          false
        case Some(why) =>
          throw new CaffeException(
            Status.INVALID_ARGUMENT,
            s"row ${seen - 1} of partition $partition: $why"
          )
      }
    }

    override def run(): Array[InternalRow] = {
      sound = false
      waiting = Some(builder.result())
      minibatches.next(minibatch)
      val rows = minibatch.size
      if (rows != size) {
        fed.foreach { case (blob, shape) => blob.reshape(rows +: shape) }
        net.reshape()
        size = rows
      }
      feed(rows)
      net.forward()
      val values = blobs.map { case (name, blob) => name -> read(name, blob, rows) }
      sound = true
      Array.tabulate(rows) { i =>
        val row = new GenericInternalRow(outputs.length)
        for ((output, k) <- outputs.zipWithIndex) {
          val (all, count) = values(output.blob)
          row.update(k, output.form.of(all, i * count, count))
        }
        row
      }
    }

    /** The items' values, of which each input gets its part. */
    private def feed(rows: Int): Unit = {
      val itemSize = minibatches.itemSize
      val into = fed.map { case (blob, _) => blob.buffer(NativeBlob.Data).asFloatBuffer }
      val from = minibatch.values.duplicate()
      from.limit(rows * itemSize)
      if (into.length == 1) into.head.put(from)
      else
        for (i <- 0 until rows) {
          var at = i * itemSize
          for (((_, shape), buffer) <- fed.zip(into)) {
            from.limit(at + shape.product).position(at)
            buffer.put(from)
            at += shape.product
          }
        }
      ()
    }

    private def read(name: String, blob: NativeBlob, rows: Int): (Array[Float], Int) = {
      val values = blob.read(NativeBlob.Data)
      if (blob.shape.headOption.forall(_ != rows) || values.length % rows != 0)
        throw new CaffeException(
          Status.SHAPE,
          s"blob '$name' has the shape ${blob.shape.mkString("x")} for $rows items: its values " +
            "are not those of one item after the other"
        )
      (values, values.length / rows)
    }

    override def close(): Unit = {
      if (skipped > 0)
        Scoring.log.warn(s"$skipped of $seen rows of partition $partition cannot be used")
      minibatches.close()
      minibatch.close()
      if (sound) NetPool.takeBack(model.value, net) else net.close()
    }
  }
}

private object Scoring {
  private val log = LoggerFactory.getLogger(classOf[Scoring])
}
