package sparknet.data

import sparknet.jna.{CaffeException, Status}

/** What is done to each item before the net sees it. Must not depend on earlier items. */
trait Preprocessing extends Serializable {

  // The only method, and nothing else: a function in its place is then serialisable as one.
  /** Changes one item, row-major, in place. */
  def apply(item: Array[Float]): Unit
}

/** Leaves items as they are. */
final class Identity extends Preprocessing {
  override def apply(item: Array[Float]): Unit = ()
}

/** Subtracts a mean item, for example [[Dataset.mean]] of the training data. */
final class MeanSubtraction(private[data] val mean: Array[Float]) extends Preprocessing {
  override def apply(item: Array[Float]): Unit = {
    if (item.length != mean.length)
      throw new CaffeException(
        Status.SHAPE,
        s"the mean has ${mean.length} values and the item ${item.length}"
      )
    var i = 0
    while (i < item.length) {
      item(i) -= mean(i)
      i += 1
    }
  }
}

/** Multiplies every value by a factor. */
final class Scaling(private[data] val factor: Float) extends Preprocessing {
  override def apply(item: Array[Float]): Unit = {
    var i = 0
    while (i < item.length) {
      item(i) *= factor
      i += 1
    }
  }
}

/** One after the other. */
final class Chain(
    private[data] val first: Preprocessing,
    private[data] val second: Preprocessing
) extends Preprocessing {
  override def apply(item: Array[Float]): Unit = {
    first(item)
    second(item)
  }
}

/** Preprocessing that is (value - mean) * scale and no more, which native code does.
  *
  * @param mean
  *   null: none
  */
private[data] final case class Linear(mean: Array[Float], scale: Float)

private[data] object Linear {
  def of(preprocessing: Preprocessing): Option[Linear] = preprocessing match {
    case _: Identity           => Some(Linear(null, 1))
    case mean: MeanSubtraction => Some(Linear(mean.mean, 1))
    case scaling: Scaling      => Some(Linear(null, scaling.factor))
    case chain: Chain          =>
      for (a <- of(chain.first); b <- of(chain.second); ab <- both(a, b)) yield ab
    case _ => None
  }

  private def both(a: Linear, b: Linear): Option[Linear] =
    if (b.mean == null) Some(Linear(a.mean, a.scale * b.scale))
    else if (a.mean == null && a.scale == 1) Some(b)
    else None
}
