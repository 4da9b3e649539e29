package sparknet.data

import com.sun.jna.{Memory, Pointer}

import sparknet.jna.{CaffeException, Images, Status}

/** What is done to items on their way into a minibatch: preprocessing, a crop, mirroring. Bytes become
  * floats in native code, unless a function of the user's comes between.
  *
  * @param shape
  *   extents of an item
  * @param batch
  *   items that there may be in [[bytes]]
  */
private[data] final class Preparation(
    shape: Array[Int],
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    batch: Int
) extends AutoCloseable {

  /** The items as channels, height, width. */
  val source: Array[Int] = augmentation.source(shape)

  /** Number of values of an item before it is cropped. */
  val length: Int = Block.product(shape)

  private val crop = augmentation.output(source).drop(1)

  /** Number of values of an item as the net sees it. */
  val itemSize: Int = Block.product(source(0) +: crop)

  /** Top and left of a crop from the centre. */
  def centre: (Int, Int) = {
    val (top, left, _) = augmentation.place(source, null)
    (top, left)
  }

  private val linear = Linear.of(preprocessing)
  linear.filter(l => l.mean != null && l.mean.length != length).foreach { l =>
    throw new CaffeException(
      Status.SHAPE,
      s"the mean has ${l.mean.length} values and an item $length"
    )
  }

  /** Whether [[convert]] can do it. */
  val takesBytes: Boolean = linear.nonEmpty

  /** Whether floats are as the net takes them: then they are copied once. */
  val asTheyAre: Boolean = linear.exists(l => l.mean == null && l.scale == 1) &&
    itemSize == length && !augmentation.mirror

  private var usedNative = false

  /** Room for the items that [[convert]] takes, one after the other. */
  lazy val bytes: Memory = {
    val memory = new Memory(length.toLong * batch)
    usedNative = true
    memory
  }

  private lazy val mean: Memory = linear.map(_.mean).filter(_ != null).fold[Memory](null) { m =>
    val memory = new Memory(4L * length)
    memory.write(0, m, 0, length)
    memory
  }
  private lazy val part = new Array[Float](itemSize)

  /** Makes floats of the first `count` items of [[bytes]].
    *
    * @param places
    *   top, left and mirror (0 or 1) of each; null: the centre, not mirrored
    */
  def convert(count: Int, places: Array[Int], to: Pointer): Unit =
    Images.fill(bytes, count, source, crop, places, mean, linear.get.scale, to)

  /** What the net sees of an item, which is changed on the way; until the next call. */
  def seen(item: Array[Float], top: Int, left: Int, mirrored: Boolean): Array[Float] = {
    preprocessing(item)
    val (height, width) = (source(1), source(2))
    var to = 0
    for (channel <- 0 until source(0); row <- 0 until crop(0)) {
      val from = (channel * height + top + row) * width + left
      if (!mirrored) System.arraycopy(item, from, part, to, crop(1))
      else for (column <- 0 until crop(1)) part(to + column) = item(from + crop(1) - 1 - column)
      to += crop(1)
    }
    part
  }

  /** Frees native memory. */
  override def close(): Unit = if (usedNative) {
    bytes.close()
    if (mean != null) mean.close()
  }
}
