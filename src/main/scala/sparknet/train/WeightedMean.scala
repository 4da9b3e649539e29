package sparknet.train

/** A mean of the workers' vectors, each weighted by the images behind it, that grows in place and
  * knows whose vectors are in it.
  *
  * Merging moves the mean by a share of the difference, `a + (b - a) * share`, in double precision:
  * no sum can grow out of range or swallow small terms, and equal vectors have exactly themselves as
  * mean.
  */
final class WeightedMean private (
    private var mean: Option[Array[Float]],
    private var images: Map[Int, Long],
    private var failures: Vector[Failure],
    private var owned: Boolean
) extends Serializable {

  /** The images of each worker whose vector is in the mean. */
  def members: Map[Int, Long] = images

  /** The mean of the vectors there are. */
  def ofThose: Option[Array[Float]] = mean

  /** The mean if exactly the workers that were counted are in it, each with the images that were
    * counted: there is no other way to the mean of a round. Otherwise what one of them failed with,
    * or None where none of them says.
    *
    * @param counted
    *   images of each worker
    */
  private[train] def ofAll(counted: IndexedSeq[Long]): Either[Option[Failure], Array[Float]] = {
    val wanted = counted.indices.filter(counted(_) > 0).map(w => w -> counted(w)).toMap
    mean.filter(_ => images == wanted).toRight(failures.headOption)
  }

  /** Merges another mean into this one. The other one's vector is not changed. */
  def add(that: WeightedMean): WeightedMean = {
    if (that.weight > 0) mean match {
      case Some(own) if weight > 0 =>
        val share = that.weight.toDouble / (weight + that.weight)
        // A vector that came from elsewhere may be in Spark's cache: it is not ours to change.
        val into = if (owned) own else new Array[Float](own.length)
        WeightedMean.blend(own, that.mean.get, share, into)
        mean = Some(into)
        owned = true
      case _ =>
        mean = that.mean
        owned = false
    }
    images ++= that.images
    failures ++= that.failures
    this
  }

  private def weight: Long = images.values.sum
}

object WeightedMean {
  def empty: WeightedMean = new WeightedMean(None, Map.empty, Vector.empty, false)

  /** The mean of one worker's vector, which is not changed by later calls; empty without images. */
  def of(worker: Int, vector: Array[Float], images: Long): WeightedMean =
    if (images == 0) empty
    else new WeightedMean(Some(vector), Map(worker -> images), Vector.empty, false)

  /** What stands for the vector of a worker that failed. */
  private[train] def lacking(failure: Failure): WeightedMean =
    new WeightedMean(None, Map.empty, Vector(failure), false)

  private def blend(a: Array[Float], b: Array[Float], share: Double, into: Array[Float]): Unit = {
    require(a.length == b.length, s"vectors of ${a.length} and ${b.length} values")
    var i = 0
    while (i < a.length) {
      into(i) = (a(i) + (b(i).toDouble - a(i)) * share).toFloat
      i += 1
    }
  }
}
