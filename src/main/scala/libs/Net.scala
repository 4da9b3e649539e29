package libs

/** A net that trains and is tested on minibatches of images. */
trait Net {

  /** Sets where training minibatches come from.
    *
    * @param trainPreprocessing
    *   writes an image into the buffer of one item; None copies the image as it is
    */
  def setTrainData(
      minibatchSampler: MinibatchSampler,
      trainPreprocessing: Option[(ByteImage, Array[Float]) => Unit] = None
  ): Unit

  /** Sets where test minibatches come from.
    *
    * @param len
    *   number of minibatches of a test
    */
  def setTestData(
      minibatchSampler: MinibatchSampler,
      len: Int,
      testPreprocessing: Option[(ByteImage, Array[Float]) => Unit] = None
  ): Unit

  /** Trains for a number of iterations. */
  def train(numSteps: Int): Unit

  /** Sums over the test minibatches, one for each element of each output. */
  def test(): Array[Float]

  def setWeights(weights: WeightCollection): Unit

  def getWeights(): WeightCollection
}
