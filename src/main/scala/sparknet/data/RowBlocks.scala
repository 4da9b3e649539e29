package sparknet.data

import org.apache.spark.sql.catalyst.InternalRow

import sparknet.jna.Counts

/** Items of bytes, or of the floats of one or several columns one after the other.
  *
  * @param planes
  *   null if items are floats
  * @param columns
  *   null if items are bytes
  */
private[data] final class RowBlocks(
    override val shape: Array[Int],
    planes: PlanesReader,
    columns: Array[ColumnReader],
    labels: Option[ColumnReader],
    weights: Option[ColumnReader]
) extends RowItems {
  private val itemSize = Block.product(shape)

  override val labelling: Labelling = Labelling(labels.fold(0)(_.count), weights.nonEmpty)
  override def builder(capacity: Int): BlockBuilder = new Builder(capacity)

  private def labelCount = labelling.count

  override def filler(into: Minibatch): RowFiller = new Filler(into)

  /** Writes an item to `bytes` or `floats`, from `at` on, with the label and the weight of item `i`. */
  private def take(
      row: InternalRow,
      bytes: Array[Byte],
      floats: Array[Float],
      at: Int,
      labelled: Array[Float],
      weighed: Array[Float],
      i: Int
  ): Unfit = {
    var unfit: Unfit = null
    if (planes != null) unfit = planes.read(row, bytes, at)
    else {
      var (column, next) = (0, at)
      while (unfit == null && column < columns.length) {
        unfit = columns(column).read(row, floats, next)
        next += columns(column).count
        column += 1
      }
    }
    if (unfit == null && labels.nonEmpty) unfit = labels.get.read(row, labelled, i * labelCount)
    if (unfit == null && weights.nonEmpty) {
      unfit = weights.get.read(row, weighed, i)
      if (unfit == null && weighed(i) < 0)
        unfit = Unfit(weights.get.column, BadRecord.negativeWeight, "has a negative weight")
    }
    unfit
  }

  private final class Filler(into: Minibatch) extends RowFiller {
    // One item's, which stay in the processor's cache.
    private val bytes = if (planes == null) null else new Array[Byte](itemSize)
    private val floats = new Array[Float](itemSize)
    private val values = into.values.duplicate()
    private var refused: Unfit = _

    override def reason: String = refused.reason

    override def add(row: InternalRow): Option[String] = {
      val i = into.size
      require((i + 1) * itemSize <= values.capacity, s"a minibatch of more than $i items")
      val unfit = take(row, bytes, floats, 0, into.labels, into.weights, i)
      if (unfit == null) {
        if (planes != null) widen()
        values.position(i * itemSize)
        values.put(floats)
        into.size += 1
        None
      } else {
        refused = unfit
        Some(unfit.toString)
      }
    }

    private def widen(): Unit = {
      var k = 0
      while (k < itemSize) {
        floats(k) = (bytes(k) & 0xff).toFloat
        k += 1
      }
    }
  }

  private final class Builder(capacity: Int) extends BlockBuilder {
    require(capacity > 0, s"a block of $capacity items")
    Counts.product(Array(capacity, math.max(itemSize, labelCount)), "a block of rows")
    // The first block's grow, since it may be the only one and small.
    private var room = math.min(capacity, math.max(1, RowBlocks.firstBytes / (4 * itemSize)))
    private var bytes: Array[Byte] = _
    private var floats: Array[Float] = _
    private var labelled: Array[Float] = _
    private var weighed: Array[Float] = _
    private var refused: Unfit = _
    private var filled = 0
    begin()

    override def size: Int = filled
    override def reason: String = refused.reason

    override def add(row: InternalRow): Option[String] = {
      if (filled == room) grow()
      val unfit = take(row, bytes, floats, filled * itemSize, labelled, weighed, filled)
      if (unfit == null) {
        filled += 1
        None
      } else {
        refused = unfit
        Some(unfit.toString)
      }
    }

    override def result(): Block = {
      val n = filled
      val block = new Block(
        shape,
        trimmed(labelled, n * labelCount),
        labelCount,
        if (labelling.weighted) trimmed(weighed, n) else null,
        if (planes == null) null
        else if (n == room) bytes
        else java.util.Arrays.copyOf(bytes, n * itemSize),
        if (planes == null) trimmed(floats, n * itemSize) else null
      )
      begin()
      block
    }

    private def begin(): Unit = {
      filled = 0
      if (planes != null) bytes = new Array[Byte](room * itemSize)
      else floats = new Array[Float](room * itemSize)
      labelled = new Array[Float](room * labelCount)
      if (labelling.weighted) weighed = new Array[Float](room)
    }

    private def grow(): Unit = {
      require(room < capacity, s"a block of more than $capacity items")
      room = math.min(capacity.toLong, 2L * room).toInt
      if (planes != null) bytes = java.util.Arrays.copyOf(bytes, room * itemSize)
      else floats = java.util.Arrays.copyOf(floats, room * itemSize)
      labelled = java.util.Arrays.copyOf(labelled, room * labelCount)
      if (labelling.weighted) weighed = java.util.Arrays.copyOf(weighed, room)
    }

    private def trimmed(values: Array[Float], length: Int): Array[Float] =
      if (values.length == length) values else java.util.Arrays.copyOf(values, length)
  }
}

private object RowBlocks {
  private val firstBytes = 1 << 20
}
