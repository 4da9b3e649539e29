package sparknet.data

import sparknet.jna.{CaffeException, Status}

/** What is done to each item before the net sees it. Must not depend on earlier items. */
trait Preprocessing extends Serializable {

  /** Changes one item, row-major, in place. */
  def apply(item: Array[Float]): Unit

  /** The same as (value - mean) * scale, if that is all it does: native code then does it. */
  private[data] def linear: Option[Linear] = None
}

/** @param mean
  *   null: none
  */
private[data] final case class Linear(mean: Array[Float], scale: Float)

/** Leaves items as they are. */
final class Identity extends Preprocessing {
  override def apply(item: Array[Float]): Unit = ()
  override private[data] def linear = Some(Linear(null, 1))
}

/** Subtracts a mean item, for example [[Dataset.mean]] of the training data. */
final class MeanSubtraction(mean: Array[Float]) extends Preprocessing {
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

  override private[data] def linear = Some(Linear(mean, 1))
}

/** Multiplies every value by a factor. */
final class Scaling(factor: Float) extends Preprocessing {
  override def apply(item: Array[Float]): Unit = {
    var i = 0
    while (i < item.length) {
      item(i) *= factor
      i += 1
    }
  }

  override private[data] def linear = Some(Linear(null, factor))
}

/** One after the other. */
final class Chain(first: Preprocessing, second: Preprocessing) extends Preprocessing {
  override def apply(item: Array[Float]): Unit = {
    first(item)
    second(item)
  }

  override private[data] def linear = for {
    a <- first.linear
    b <- second.linear
    if b.mean == null || (a.mean == null && a.scale == 1)
  } yield Linear(if (b.mean == null) a.mean else b.mean, a.scale * b.scale)
}
