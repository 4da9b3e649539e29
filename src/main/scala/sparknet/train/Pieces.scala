package sparknet.train

/** How a flat buffer is cut for its way between JVMs: into pieces of `size` floats, the last of which
  * may be shorter.
  *
  * @param everywhere
  *   whether all of it goes to everyone, which for few floats is quicker than a second message
  */
private[train] final case class Pieces(floats: Int, size: Int, everywhere: Boolean) {
  val count: Int = ((floats + size - 1L) / size).toInt

  def start(piece: Int): Int = piece * size

  def length(piece: Int): Int = math.min(size, floats - start(piece))

  def all: Range = 0 until count

  /** The pieces that each of `hosts` sums: neighbours, and about as many. */
  def dealt(hosts: Int): IndexedSeq[Range] =
    if (everywhere) IndexedSeq.fill(hosts)(all)
    else
      (0 until hosts).map { i =>
        (i.toLong * count / hosts).toInt until ((i + 1L) * count / hosts).toInt
      }
}

private[train] object Pieces {

  /** 1 MB. */
  val few: Int = 1 << 18

  /** 16 MB: larger ones are copied more slowly, smaller ones need more messages (decision 6). */
  private val largest = 1 << 22
  private val smallest = 1 << 17

  /** Floats that are on their way to a host at a time, one piece from everybody: 64 MB. */
  private val underWay = 1 << 24

  /** As few as serve `hosts` alike.
    *
    * @param few
    *   floats, up to which all go everywhere
    * @param largest
    *   floats of a piece
    */
  def of(floats: Int, hosts: Int, few: Int = Pieces.few, largest: Int = Pieces.largest): Pieces =
    if (floats <= few) Pieces(floats, math.max(1, floats), everywhere = true)
    else {
      val most = math.min(largest, math.max(smallest, underWay / hosts)).toLong
      val count = (floats + hosts * most - 1) / (hosts * most) * hosts
      Pieces(floats, ((floats + count - 1) / count).toInt, everywhere = false)
    }
}
