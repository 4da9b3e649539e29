package historical

import scala.collection.JavaConversions._

import caffe.Caffe.{LayerParameter, NetParameter}
import libs._
import org.scalatest._

/** What programs for the original SparkNet take of Scala's library up to 2.12 alone, beside its `libs`. */
class LibrarySpec extends FlatSpec {
  private val net: NetParameter =
    NetParam("net", RDDLayer("data", List(2, 3), None), ReLULayer("relu", List("data")))

  "Lists of messages" should "be Scala's by implicit conversions" taggedAs support.Unit in {
    assert(net.getLayerList.map(_.getName).toList == List("data", "relu"))
    assert(net.getLayer(0).getJavaDataParam.getShape.getDimList.toList == List(2L, 3L))
    val more: java.lang.Iterable[LayerParameter] = List(net.getLayer(1))
    assert(net.toBuilder.addAllLayer(more).build().getLayerCount == 3)
  }

  "Arrays of an NDArray" should "be compared with deep" taggedAs support.Unit in {
    val array = NDArray(Array(1f, 2f), Array(2))
    assert(array.shape.deep == Array(2).deep && array.toFlat().deep == Array(1f, 2f).deep)
  }

  "Scores" should "be added with zipped" taggedAs support.Unit in {
    val (a, b) = (Array(1f, 2f), Array(3f, 4f))
    assert((a, b).zipped.map(_ + _).toSeq == Seq(4f, 6f))
  }
}
