package sparknet.data

/** An encoded image (JPEG, PNG) as it was read, with its label.
  *
  * @param name
  *   the file's name without folders
  */
final case class ImageRecord(name: String, bytes: Array[Byte], label: Int)
