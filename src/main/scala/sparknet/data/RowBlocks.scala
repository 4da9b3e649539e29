package sparknet.data

import org.apache.spark.sparknet.{ByteRoom, FloatRoom}
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

  override def filler(
      preprocessing: Preprocessing,
      augmentation: Augmentation,
      inputs: Array[Int],
      batch: Int
  ): RowFiller =
    RowFiller(
      planes,
      columns,
      new Preparation(shape, preprocessing, augmentation, batch),
      inputs,
      batch
    )

  /** Writes an item, its label and its weight as item `i`. */
  private def take(row: InternalRow, into: RowBlocks.Rooms, i: Int): Unfit = {
    var unfit: Unfit = null
    if (planes != null) unfit = planes.read(row, into.bytes, i * itemSize)
    else {
      var (column, next) = (0, i * itemSize)
      while (unfit == null && column < columns.length) {
        unfit = columns(column).readFinite(row, into.floats, next)
        next += columns(column).count
        column += 1
      }
    }
    if (unfit == null && labels.nonEmpty)
      unfit = labels.get.readFinite(row, into.labels, i * labelCount)
    if (unfit == null && weights.nonEmpty) {
      unfit = weights.get.readFinite(row, into.weights, i)
      if (unfit == null && into.weights.get(i) < 0)
        unfit = Unfit(weights.get.column, BadRecord.negativeWeight, "has a negative weight")
    }
    unfit
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
    private var rooms: RowBlocks.Rooms = _
    private var refused: Unfit = _
    private var filled = 0
    begin()

    override def size: Int = filled
    override def reason: String = refused.reason

    override def add(row: InternalRow): Option[String] = {
      if (filled == room) grow()
      val unfit = take(row, rooms, filled)
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
      rooms = new RowBlocks.Rooms(bytes, floats, labelled, weighed)
    }

    private def grow(): Unit = {
      require(room < capacity, s"a block of more than $capacity items")
      room = math.min(capacity.toLong, 2L * room).toInt
      if (planes != null) bytes = java.util.Arrays.copyOf(bytes, room * itemSize)
      else floats = java.util.Arrays.copyOf(floats, room * itemSize)
      labelled = java.util.Arrays.copyOf(labelled, room * labelCount)
      if (labelling.weighted) weighed = java.util.Arrays.copyOf(weighed, room)
      rooms = new RowBlocks.Rooms(bytes, floats, labelled, weighed)
    }

    private def trimmed(values: Array[Float], length: Int): Array[Float] =
      if (values.length == length) values else java.util.Arrays.copyOf(values, length)
  }
}

private object RowBlocks {
  private val firstBytes = 1 << 20

  /** Of what a block is made; arrays may be null. */
  private final class Rooms(
      byteArray: Array[Byte],
      floatArray: Array[Float],
      labelArray: Array[Float],
      weightArray: Array[Float]
  ) {
    val bytes: ByteRoom = if (byteArray == null) null else new ByteRoom(byteArray)
    val floats: FloatRoom = of(floatArray)
    val labels: FloatRoom = of(labelArray)
    val weights: FloatRoom = of(weightArray)

    private def of(values: Array[Float]) = if (values == null) null else new FloatRoom(values)
  }
}
