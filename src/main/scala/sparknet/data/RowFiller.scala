package sparknet.data

import com.sun.jna.Pointer
import org.apache.spark.sparknet.{ByteRoom, FloatRoom}
import org.apache.spark.sql.catalyst.InternalRow

import sparknet.jna.VectorMath

/** Writes rows into the native memory of a net's inputs, a minibatch at a time; made by [[RowItems]]. */
private[sparknet] abstract class RowFiller(
    preparation: Preparation,
    sizes: Array[Int],
    batch: Int
) extends AutoCloseable {
  protected var addresses: Array[Long] = Array.empty
  protected var inputs: Array[FloatRoom] = Array.empty
  private var filled = 0

  /** Begins a minibatch.
    *
    * @param at
    *   address of each input's memory, which has room for the values of `batch` rows
    */
  def begin(at: Array[Long]): Unit = {
    require(at.length == sizes.length, s"${at.length} addresses of ${sizes.length} inputs")
    if (!at.sameElements(addresses)) {
      inputs = at.zip(sizes).map { case (start, size) =>
        FloatRoom.at(start, Math.multiplyExact(size, batch))
      }
      addresses = at
    }
    filled = 0
  }

  /** Rows of the minibatch. */
  final def size: Int = filled

  /** Takes a row as the next item; or says why it cannot, naming the column. That a value is NaN or infinite
    * [[finish]] may have to say.
    */
  final def add(row: InternalRow): Option[String] = {
    require(filled < batch, s"a minibatch of more than $batch rows")
    val unfit = take(row, filled)
    if (unfit == null) {
      filled += 1
      None
    } else Some(unfit.toString)
  }

  /** Ends the minibatch: what was taken is in the inputs.
    *
    * @return
    *   rows that cannot be used after all, by their places in the minibatch in ascending order, and why;
    *   the others have moved up
    */
  final def finish(): Seq[(Int, String)] = {
    val unfit = if (filled == 0) Nil else unusable(filled)
    if (unfit.nonEmpty) {
      val places = unfit.map(_._1).toSet
      var to = 0
      for (i <- 0 until filled if !places(i)) {
        if (to < i)
          for ((input, size) <- inputs.zip(sizes)) input.copyTo(i * size, size, input, to * size)
        to += 1
      }
      filled = to
    }
    unfit.map { case (place, why) => place -> why.toString }
  }

  /** Takes a row as item `i`. */
  protected def take(row: InternalRow, i: Int): Unfit

  /** Which of so many rows cannot be used; the others are then in the inputs. */
  protected def unusable(count: Int): Seq[(Int, Unfit)]

  override def close(): Unit = preparation.close()
}

private[data] object RowFiller {

  /** @param planes
    *   null if items are floats
    * @param columns
    *   null if items are bytes
    */
  def apply(
      planes: PlanesReader,
      columns: Array[ColumnReader],
      preparation: Preparation,
      inputs: Array[Int],
      batch: Int
  ): RowFiller = {
    require(
      inputs.sum == preparation.itemSize,
      s"inputs of ${inputs.mkString(", ")} values for items of ${preparation.itemSize}"
    )
    if (planes != null && inputs.length == 1 && preparation.takesBytes)
      new BytesFiller(planes, preparation, inputs, batch)
    else {
      val direct =
        if (planes == null && preparation.asTheyAre) DirectFiller.places(columns, inputs) else None
      direct.fold[RowFiller](new ItemFiller(planes, columns, preparation, inputs, batch))(
        new DirectFiller(columns, _, preparation, inputs, batch)
      )
    }
  }
}

/** Of floats that the net takes as they are. Whether all of them are numbers is asked once for all rows,
  * in native code, which takes a tenth of the time that the JVM would.
  *
  * @param places
  *   for each column the input that takes it, and where its values begin in an item of that
  */
private final class DirectFiller(
    columns: Array[ColumnReader],
    places: Array[(Int, Int)],
    preparation: Preparation,
    sizes: Array[Int],
    batch: Int
) extends RowFiller(preparation, sizes, batch) {
  private val input = places.map(_._1)
  private val first = places.map(_._2)
  private val suspects = sizes.indices.filter { i =>
    columns.indices.exists(c => input(c) == i && !columns(c).areFinite)
  }.toArray

  override protected def take(row: InternalRow, i: Int): Unfit = {
    var unfit: Unfit = null
    var c = 0
    while (unfit == null && c < columns.length) {
      unfit = columns(c).read(row, inputs(input(c)), i * sizes(input(c)) + first(c))
      c += 1
    }
    unfit
  }

  override protected def unusable(count: Int): Seq[(Int, Unfit)] =
    if (suspects.forall(i => VectorMath.allFinite(addresses(i), count.toLong * sizes(i)))) Nil
    else
      for {
        i <- 0 until count
        unfit = columns.indices.iterator
          .map(c =>
            Unfit.among(
              columns(c).column,
              inputs(input(c)),
              i * sizes(input(c)) + first(c),
              columns(c).count
            )
          )
          .find(_ != null)
        why <- unfit
      } yield i -> why
}

private object DirectFiller {

  /** None: a column's values go to several inputs. */
  def places(columns: Array[ColumnReader], inputs: Array[Int]): Option[Array[(Int, Int)]] = {
    val ends = inputs.scanLeft(0)(_ + _)
    val starts = columns.map(_.count).scanLeft(0)(_ + _)
    val found = columns.zip(starts).map { case (column, start) =>
      val input = ends.lastIndexWhere(_ <= start)
      if (start + column.count <= ends(input + 1)) Some((input, start - ends(input))) else None
    }
    if (found.forall(_.nonEmpty)) Some(found.flatten) else None
  }
}

/** Of bytes, which become floats in native code, all of a minibatch at once. */
private final class BytesFiller(
    planes: PlanesReader,
    preparation: Preparation,
    sizes: Array[Int],
    batch: Int
) extends RowFiller(preparation, sizes, batch) {
  private val length = preparation.length
  private lazy val bytes =
    ByteRoom.at(Pointer.nativeValue(preparation.bytes), Math.multiplyExact(length, batch))

  override protected def take(row: InternalRow, i: Int): Unfit =
    planes.read(row, bytes, i * length)

  override protected def unusable(count: Int): Seq[(Int, Unfit)] = {
    preparation.convert(count, null, new Pointer(addresses.head))
    Nil
  }
}

/** Of items that are changed in the JVM, one after the other. */
private final class ItemFiller(
    planes: PlanesReader,
    columns: Array[ColumnReader],
    preparation: Preparation,
    sizes: Array[Int],
    batch: Int
) extends RowFiller(preparation, sizes, batch) {
  private val readers = if (planes == null) columns else Array(new PlanesAsFloats(planes))
  private val item = new Array[Float](preparation.length)
  private val room = new FloatRoom(item)
  private val (top, left) = preparation.centre

  override protected def take(row: InternalRow, i: Int): Unfit = {
    var unfit: Unfit = null
    var (c, at) = (0, 0)
    while (unfit == null && c < readers.length) {
      unfit = readers(c).readFinite(row, room, at)
      at += readers(c).count
      c += 1
    }
    if (unfit == null) {
      val seen = preparation.seen(item, top, left, mirrored = false)
      var from = 0
      for (k <- sizes.indices) {
        inputs(k).put(i * sizes(k), seen, from, sizes(k))
        from += sizes(k)
      }
    }
    unfit
  }

  override protected def unusable(count: Int): Seq[(Int, Unfit)] = Nil
}
