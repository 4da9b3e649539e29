package sparknet.data

/** The items of one partition, by index. */
final class Items(blocks: Array[Block]) {
  private val starts: Array[Int] = blocks.scanLeft(0)((n, b) => Math.addExact(n, b.size))

  def size: Int = starts.last

  def label(i: Int): Float = {
    val b = blockOf(i)
    blocks(b).labels(i - starts(b))
  }

  /** Copies item `i` into `into`, bytes as 0..255. */
  def copyItem(i: Int, into: Array[Float]): Unit = {
    val b = blockOf(i)
    blocks(b).copyItem(i - starts(b), into)
  }

  private def blockOf(i: Int): Int = {
    val found = java.util.Arrays.binarySearch(starts, i)
    if (found < 0) -found - 2
    else {
      // Empty blocks start where the next one does: the last of them has the item.
      var b = found
      while (b + 1 < blocks.length && starts(b + 1) == i) b += 1
      b
    }
  }
}
