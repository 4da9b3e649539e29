package sparknet.jna

import com.sun.jna.{Memory, Pointer}
import com.sun.jna.ptr.IntByReference

/** Arithmetic of the engine's on numbers outside the heap. */
object VectorMath {
  private def library = NativeLoader.library

  /** Means of several vectors, each weighted: sums in double precision and in the order of the vectors,
    * rounded once.
    *
    * @param halves
    *   whether they are bfloat16, and the mean too
    */
  final class Mean(weights: Array[Double], halves: Boolean) extends AutoCloseable {
    private val vectors = new Memory(8L * weights.length)

    /** Says where vector `i` is. */
    def set(i: Int, address: Long): Unit = vectors.setLong(8L * i, address)

    /** The mean of so many values of each vector, written to an address. */
    def apply(into: Long, count: Int): Unit = Check.ok(
      library.ccaffe_mean(
        vectors,
        weights,
        weights.length,
        if (halves) 1 else 0,
        new Pointer(into),
        count.toLong
      )
    )

    override def close(): Unit = vectors.close()
  }

  /** `into` = `values` - `base`, rounded. */
  def differ(values: FloatMemory, base: FloatMemory, into: HalfMemory): Unit = {
    require(values.count == base.count && values.count == into.count)
    Check.ok(
      library.ccaffe_differ(all(values), all(base), all(into), values.count.toLong)
    )
  }

  /** Adds differences to values. */
  def add(differences: HalfMemory, to: FloatMemory): Unit = {
    require(differences.count == to.count)
    Check.ok(library.ccaffe_add_differences(all(differences), all(to), to.count.toLong))
  }

  /** Whether none of `count` floats at an address is infinite or not a number. */
  def allFinite(address: Long, count: Long): Boolean = {
    val finite = new IntByReference
    Check.ok(library.ccaffe_all_finite(new Pointer(address), count, finite))
    finite.getValue == 1
  }

  private def all(numbers: SharedNumbers) = new Pointer(numbers.address(0))
}
