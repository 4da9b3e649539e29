package sparknet.jna

import java.nio.ByteBuffer

import com.sun.jna.Native
import com.sun.jna.ptr.PointerByReference

/** [[SharedNumbers]] of a process of this machine, which may change or end at any time.
  *
  * @param name
  *   theirs; an IO error if they are not there, or not for this process to read
  */
final class NeighbourMemory(name: String) extends AutoCloseable {
  private def library = NativeLoader.library

  private val handle = {
    val opened = new PointerByReference
    Check.ok(library.ccaffe_neighbour_open(name, opened))
    Handle.owned("neighbour's memory", opened.getValue, library.ccaffe_neighbour_destroy(_))
  }

  /** Fills a direct buffer with the bytes from `from` on; false: they are not, or not any more, those of
    * this content, and what is in the buffer now is undefined.
    *
    * @param content
    *   the number that it was shown under
    */
  def read(content: Long, from: Long, into: ByteBuffer): Boolean =
    try {
      val address = Native.getDirectBufferPointer(into).share(into.position())
      handle.run(
        library.ccaffe_neighbour_read(_, content, from, address, into.remaining.toLong)
      )
      true
    } catch { case e: CaffeException if e.getCode == Status.STATE.code => false }

  override def close(): Unit = handle.close()
}
