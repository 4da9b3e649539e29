package sparknet.data

import sparknet.jna.{CaffeException, Images, Status}

/** Decodes images: JPEG in native code, other formats through ImageIO. */
object ImageCodec {

  /** Decodes an image and resizes it to exactly height x width; its aspect ratio is not kept.
    *
    * @return
    *   planes red, green, blue, each by rows; or why there are none: one of [[BadRecord.emptyFile]],
    *   [[BadRecord.notAnImage]] and [[BadRecord.corruptImage]]
    */
  def planes(encoded: Array[Byte], height: Int, width: Int): Either[String, Array[Byte]] =
    if (isJpeg(encoded)) native(Images.decode(encoded, height, width))
    else if (encoded.isEmpty) Left(BadRecord.emptyFile)
    else
      ImageIoDecoder
        .decode(encoded)
        .map(image => ImageResizer.resize(image.planes, image.height, image.width, height, width))

  /** Whether an image can be decoded, as far as its header tells; reasons as of [[planes]]. */
  def check(encoded: Array[Byte]): Either[String, Unit] =
    if (isJpeg(encoded)) native(Images.size(encoded)).map(_ => ())
    else if (encoded.isEmpty) Left(BadRecord.emptyFile)
    else ImageIoDecoder.check(encoded)

  private def isJpeg(encoded: Array[Byte]): Boolean =
    encoded.length >= 2 && (encoded(0) & 0xff) == 0xff && (encoded(1) & 0xff) == 0xd8

  private def native[T](body: => T): Either[String, T] =
    try Right(body)
    catch {
      case e: CaffeException if e.getCode == Status.PARSE.code => Left(BadRecord.corruptImage)
    }
}
