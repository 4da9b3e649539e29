package sparknet.jna

import com.sun.jna.{Memory, Pointer}
import com.sun.jna.ptr.IntByReference

/** Images in native code: decoding, and filling minibatches. */
object Images {
  private def library = NativeLoader.library

  /** Native memory of one thread that is used again for each image: arrays as arguments would be
    * copied in both directions by JNA.
    */
  private final class Room {
    private var memory = new Memory(1 << 18)

    def of(bytes: Int): Memory = {
      if (memory.size < bytes) {
        memory.close()
        memory = new Memory(2L * bytes)
      }
      memory
    }
  }

  private val encodedRoom = ThreadLocal.withInitial[Room](() => new Room)
  private val planesRoom = ThreadLocal.withInitial[Room](() => new Room)

  private def native(encoded: Array[Byte]): Memory = {
    val memory = encodedRoom.get.of(encoded.length)
    memory.write(0, encoded, 0, encoded.length)
    memory
  }

  /** Height and width of a JPEG; a `CaffeException` of status PARSE if it is none. */
  def size(encoded: Array[Byte]): (Int, Int) = {
    val (height, width) = (new IntByReference, new IntByReference)
    Check.ok(library.ccaffe_image_size(native(encoded), encoded.length.toLong, height, width))
    (height.getValue, width.getValue)
  }

  /** Decodes a JPEG and resizes it to exactly height x width.
    *
    * @return
    *   planes red, green, blue, each by rows
    */
  def decode(encoded: Array[Byte], height: Int, width: Int): Array[Byte] = {
    val planes = new Array[Byte](Counts.product(Array(3, height, width), "an image"))
    val room = planesRoom.get.of(planes.length)
    Check.ok(
      library.ccaffe_image_decode(native(encoded), encoded.length.toLong, height, width, room)
    )
    room.read(0, planes, 0, planes.length)
    planes
  }

  /** Crops, mirrors, and subtracts a mean on the way from bytes to floats; `ccaffe_image_fill`.
    *
    * @param shape
    *   channels, height, width of an item
    * @param crop
    *   height and width of the result
    * @param places
    *   top, left and mirror (0 or 1) of each item; null: the centre, not mirrored
    * @param mean
    *   floats of an item's shape; null: none
    */
  def fill(
      items: Pointer,
      count: Int,
      shape: Array[Int],
      crop: Array[Int],
      places: Array[Int],
      mean: Pointer,
      scale: Float,
      values: Pointer
  ): Unit = {
    require(shape.length == 3 && crop.length == 2, "a shape has 3 extents and a crop 2")
    require(places == null || places.length >= 3 * count, s"places of $count items")
    Check.ok(library.ccaffe_image_fill(items, count, shape, crop, places, mean, scale, values))
  }
}
