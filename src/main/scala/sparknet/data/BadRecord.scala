package sparknet.data

/** A record that cannot be used.
  *
  * @param reason
  *   why, one of the constants of the companion; of a row that and its column
  * @param name
  *   the image's or the tar's name, and what else helps to find it
  */
final case class BadRecord(reason: String, name: String)

object BadRecord {

  /** An image whose name the label file does not have. */
  val noLabel = "no label"

  /** An image or a tar of no bytes. */
  val emptyFile = "empty file"

  /** A symbolic or hard link in a tar: its content is elsewhere. */
  val link = "link"

  /** An image of 2 GiB or more. */
  val tooLarge = "too large"

  /** A tar that ends in the middle of an entry; the entries before are used. */
  val truncatedTar = "truncated tar"

  /** A tar that is broken in the middle; the entries before are used. */
  val damagedTar = "damaged tar"

  /** A file that is listed with the tars and is none. */
  val notATar = "not a tar"

  /** A file that is no longer there. */
  val missingFile = "missing file"

  /** A file that may not be read. */
  val unreadableFile = "unreadable file"

  /** An image that starts as none of the known formats does. */
  val notAnImage = "not an image"

  /** An image that its decoder refuses. */
  val corruptImage = "corrupt image"

  /** A null, or one within an array. */
  val missingValue = "null"

  val notANumber = "NaN"

  /** One that floats cannot hold, too. */
  val infinite = "infinite value"

  /** An array, a vector or bytes of another length than items have. */
  val wrongCount = "wrong number of values"

  val negativeWeight = "negative weight"
}
