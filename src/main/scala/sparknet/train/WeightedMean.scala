package sparknet.train

import sparknet.io.PackedFloats

/** A mean of vectors, each weighted by the images behind it, that grows in place.
  *
  * Merging moves the mean by a share of the difference, `a + (b - a) * share`, in double precision:
  * no sum can grow out of range or swallow small terms, and equal vectors have exactly themselves as
  * mean.
  */
final class WeightedMean private (
    private var mean: Option[PackedFloats],
    private var images: Long,
    @transient private var owned: Boolean
) extends Serializable {

  /** Images behind the mean; a mean of nothing has 0. */
  def weight: Long = images

  def values: Option[Array[Float]] = mean.map(_.values)

  /** Merges another mean into this one. The other one's vector is not changed. */
  def add(that: WeightedMean): WeightedMean = {
    if (that.images > 0) mean match {
      case Some(own) if images > 0 =>
        val share = that.images.toDouble / (images + that.images)
        // A vector that came from elsewhere may be in Spark's cache: it is not ours to change.
        val into = if (owned) own.values else new Array[Float](own.length)
        WeightedMean.blend(own.values, that.mean.get.values, share, into)
        mean = Some(PackedFloats(into))
        owned = true
      case _ =>
        mean = that.mean
        owned = false
    }
    images += that.images
    this
  }
}

object WeightedMean {
  def empty: WeightedMean = new WeightedMean(None, 0, false)

  /** The mean of one vector, which is not changed by later calls. */
  def of(vector: PackedFloats, images: Long): WeightedMean =
    new WeightedMean(Some(vector), images, false)

  private def blend(a: Array[Float], b: Array[Float], share: Double, into: Array[Float]): Unit = {
    require(a.length == b.length, s"vectors of ${a.length} and ${b.length} values")
    var i = 0
    while (i < a.length) {
      into(i) = (a(i) + (b(i).toDouble - a(i)) * share).toFloat
      i += 1
    }
  }
}
