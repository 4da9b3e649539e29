package libs

import scala.collection.mutable.{Map, MutableList}

/** The weights of a net: for each layer name its blobs, an empty list for a layer without any. */
class WeightCollection(
    val allWeights: Map[String, MutableList[NDArray]],
    val layerNames: List[String]
) extends java.io.Serializable {
  val numLayers: Int = layerNames.length

  /** Divides all values, in place. */
  def scalarDivide(v: Float): Unit =
    for (blobs <- allWeights.values; blob <- blobs) blob.scalarDivide(v)
}

object WeightCollection extends java.io.Serializable {

  /** The sum, as a new collection. Layers, blobs and shapes have to be equal. */
  def add(wc1: WeightCollection, wc2: WeightCollection): WeightCollection = {
    requireEqual("layers", wc1.layerNames, wc2.layerNames)
    val sums = Map.empty[String, MutableList[NDArray]]
    for (name <- wc1.layerNames) {
      val blobs = wc1.allWeights(name).zip(wc2.allWeights(name))
      requireEqual(
        s"blob shapes of layer $name",
        wc1.allWeights(name).map(_.shape.toList).toList,
        wc2.allWeights(name).map(_.shape.toList).toList
      )
      sums(name) = blobs.map { case (a, b) => NDArray.plus(a, b) }
    }
    new WeightCollection(sums, wc1.layerNames)
  }

  private def requireEqual(what: String, first: List[Any], second: List[Any]): Unit =
    require(first == second, s"$what differ: $first and $second")
}
