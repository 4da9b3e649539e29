package sparknet.data

import java.util.SplittableRandom

import sparknet.jna.{CaffeException, Status}

/** Which part of an image the net sees, mirrored or not, as Caffe's `crop_size` and `mirror`: in
  * training at a random place and mirrored every other time, in tests the centre as it is.
  *
  * @param cropHeight
  *   rows of the part; 0: the whole item, of any shape
  * @param cropWidth
  *   columns of the part; 0 together with `cropHeight`
  */
final case class Augmentation(cropHeight: Int, cropWidth: Int, mirror: Boolean) {
  if (cropHeight < 0 || cropWidth < 0 || (cropHeight == 0) != (cropWidth == 0))
    throw new CaffeException(
      Status.INVALID_ARGUMENT,
      s"items cannot be cropped to ${cropHeight}x$cropWidth"
    )

  private def crops: Boolean = cropHeight > 0

  /** The items as channels, height, width; without crop and mirror that is only a way to see them. */
  private[data] def source(shape: Array[Int]): Array[Int] =
    if (!crops && !mirror) Array(1, 1, Block.product(shape))
    else if (shape.length == 3) shape
    else
      throw new CaffeException(
        Status.SHAPE,
        s"only images of channels x height x width can be cropped or mirrored, not items of " +
          shape.mkString("x")
      )

  /** Shape of what the net gets of items of `shape`. */
  def output(shape: Array[Int]): Array[Int] =
    if (!crops) {
      source(shape) // mirroring has its own demands
      shape
    } else {
      val whole = source(shape)
      val (channels, height, width) = (whole(0), whole(1), whole(2))
      if (cropHeight > height || cropWidth > width)
        throw new CaffeException(
          Status.SHAPE,
          s"a crop of ${cropHeight}x$cropWidth is larger than the items, ${shape.mkString("x")}"
        )
      Array(channels, cropHeight, cropWidth)
    }

  /** Top, left and mirror (0 or 1) of the part of an item of `source`'s shape.
    *
    * @param random
    *   null: the centre
    */
  private[data] def place(source: Array[Int], random: SplittableRandom): (Int, Int, Int) = {
    val spareRows = if (crops) source(1) - cropHeight else 0
    val spareColumns = if (crops) source(2) - cropWidth else 0
    if (random == null) (spareRows / 2, spareColumns / 2, 0)
    else
      (
        if (spareRows > 0) random.nextInt(spareRows + 1) else 0,
        if (spareColumns > 0) random.nextInt(spareColumns + 1) else 0,
        if (mirror) random.nextInt(2) else 0
      )
  }
}

object Augmentation {
  val none: Augmentation = Augmentation(0, 0, mirror = false)
}

/** The random places of a worker's items: the same ones whenever the same items are drawn again.
  *
  * @param start
  *   position of the first item in the worker's walk
  */
private[sparknet] final class RandomPlaces(seed: Long, worker: Int, start: Long) {
  // Apart from the generators of EpochWalk, which are seeded with the same numbers.
  private val base = new SplittableRandom(~seed + 31L * worker).nextLong()
  private var position = start

  def next(): SplittableRandom = {
    position += 1
    new SplittableRandom(new SplittableRandom(base + position).nextLong())
  }
}
