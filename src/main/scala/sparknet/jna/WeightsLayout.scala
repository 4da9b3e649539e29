package sparknet.jna

import scala.collection.JavaConverters._

import caffe.Caffe.NetParameter

/** One parameter blob in the flat array of weights. */
final case class WeightsEntry(layer: String, index: Int, shape: Array[Int], offset: Int) {

  /** Number of values. */
  def count: Int = Counts.product(shape, s"parameter $index of layer '$layer'")

  override def equals(that: Any): Boolean = that match {
    case e: WeightsEntry =>
      layer == e.layer && index == e.index && offset == e.offset && shape.sameElements(e.shape)
    case _ => false
  }

  override def hashCode: Int = (layer, index, offset, shape.toSeq).hashCode

  override def toString: String = s"$layer[$index] ${shape.mkString("x")}"
}

/** Which parameters a net has and where each one lies in the flat array of its weights. */
final case class WeightsLayout(entries: IndexedSeq[WeightsEntry]) {

  /** Number of values of the whole array. */
  def count: Int = entries.lastOption.fold(0)(WeightsLayout.end)

  /** Number of parameter blobs. */
  def size: Int = entries.length

  def entry(i: Int): WeightsEntry = entries(i)

  /** The entries that only one of both has, one per line; empty if the layouts are equal. */
  def differences(other: WeightsLayout): String = {
    def lines(from: WeightsLayout, without: WeightsLayout, where: String) =
      from.entries.filterNot(without.entries.contains).map(e => s"$e only in $where")
    if (this == other) ""
    else (lines(this, other, "the first") ++ lines(other, this, "the second")).mkString("\n")
  }
}

object WeightsLayout {

  // Where the next entry begins.
  private def end(entry: WeightsEntry): Int =
    Counts.toInt(entry.offset.toLong + entry.count, "the number of weights")

  /** From a net message whose layers have the shapes of their blobs, in the order of the array. */
  def of(net: NetParameter): WeightsLayout = {
    val blobs = for {
      layer <- net.getLayerList.asScala
      (blob, index) <- layer.getBlobsList.asScala.zipWithIndex
    } yield WeightsEntry(
      layer.getName,
      index,
      blob.getShape.getDimList.asScala
        .map(Counts.toInt(_, s"an extent of parameter $index of layer '${layer.getName}'"))
        .toArray,
      0
    )
    val offsets = blobs.scanLeft(0)((offset, e) => end(e.copy(offset = offset)))
    WeightsLayout(blobs.zip(offsets).map { case (e, offset) => e.copy(offset = offset) }.toVector)
  }
}
