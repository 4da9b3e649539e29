package libs

import scala.collection.mutable.ArrayBuffer

/** Takes one contiguous run of minibatches, at a random place, from those of a partition.
  *
  * The partition is streamed once. If it has fewer minibatches than the run is long, they are kept
  * and the run goes through them again.
  *
  * @param minibatchIt
  *   images and labels of each minibatch
  * @param totalNumBatches
  *   how many there are
  * @param numSampledBatches
  *   length of the run
  */
class MinibatchSampler(
    minibatchIt: Iterator[(Array[ByteImage], Array[Int])],
    totalNumBatches: Int,
    numSampledBatches: Int
) {
  require(
    totalNumBatches > 0 || (totalNumBatches == 0 && numSampledBatches == 0),
    s"cannot sample $numSampledBatches minibatches of $totalNumBatches: " +
      "the partition has less than one full minibatch"
  )
  require(numSampledBatches >= 0, s"cannot sample $numSampledBatches minibatches")

  var it: Iterator[(Array[ByteImage], Array[Int])] = minibatchIt
  val r: scala.util.Random.type = scala.util.Random
  val startIdx: Int = r.nextInt(math.max(totalNumBatches - numSampledBatches, 0) + 1)
  val indices: Array[Int] =
    Array.tabulate(numSampledBatches)(i => startIdx + i % math.max(totalNumBatches, 1))
  var indicesIndex: Int = 0
  var currMinibatchPosition: Int = -1
  var currMinibatchImages: Option[Array[ByteImage]] = None
  var currMinibatchLabels: Option[Array[Int]] = None

  /** All minibatches so far, if there are fewer than the run is long. */
  private val taken = ArrayBuffer.empty[(Array[ByteImage], Array[Int])]

  /** The images of the next minibatch, or of the one whose labels were returned last. */
  def nextImageMinibatch(): Array[ByteImage] = next()._1

  /** The labels of the next minibatch, or of the one whose images were returned last. */
  def nextLabelMinibatch(): Array[Int] = next()._2

  /** Every second call ends a pair and returns what the first one did. */
  private def next(): (Array[ByteImage], Array[Int]) =
    (currMinibatchImages, currMinibatchLabels) match {
      case (Some(images), Some(labels)) =>
        currMinibatchImages = None
        currMinibatchLabels = None
        (images, labels)
      case _ =>
        val (images, labels) = advance()
        currMinibatchImages = Some(images)
        currMinibatchLabels = Some(labels)
        (images, labels)
    }

  private def advance(): (Array[ByteImage], Array[Int]) = {
    if (indicesIndex >= indices.length)
      throw new NoSuchElementException(
        s"more minibatches are asked for than the $numSampledBatches that were to be sampled"
      )
    val position = indices(indicesIndex)
    while (currMinibatchPosition < position - 1) read()
    val minibatch = if (currMinibatchPosition < position) read() else taken(position)
    indicesIndex += 1
    minibatch
  }

  private def read(): (Array[ByteImage], Array[Int]) = {
    if (!it.hasNext)
      throw new NoSuchElementException(
        s"minibatch ${currMinibatchPosition + 2} of $totalNumBatches is missing: " +
          s"the iterator ended after ${currMinibatchPosition + 1}"
      )
    val minibatch = it.next()
    currMinibatchPosition += 1
    if (totalNumBatches < numSampledBatches) taken += minibatch
    minibatch
  }
}
