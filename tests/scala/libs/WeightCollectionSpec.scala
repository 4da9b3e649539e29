package libs

import java.io.{ByteArrayInputStream, ByteArrayOutputStream, ObjectInputStream, ObjectOutputStream}

import scala.collection.mutable.{Map, MutableList}

import org.scalatest.flatspec.AnyFlatSpec
import support._

class WeightCollectionSpec extends AnyFlatSpec {
  private def weights(values: Float*) = new WeightCollection(
    Map(
      "ip" -> MutableList(NDArray(values.toArray, Array(1, 2)), NDArray(Array(1f), Array(1))),
      "loss" -> MutableList.empty[NDArray]
    ),
    List("ip", "loss")
  )

  private def flat(wc: WeightCollection) =
    wc.layerNames.flatMap(wc.allWeights(_)).flatMap(_.toFlat())

  "A WeightCollection" should "add up and divide" taggedAs Unit in {
    val (a, b) = (weights(1f, 2f), weights(3f, 6f))
    val sum = WeightCollection.add(a, b)
    assert(flat(sum) == List(4f, 8f, 2f))
    assert(flat(a) == List(1f, 2f, 1f))
    sum.scalarDivide(2f)
    assert(flat(sum) == List(2f, 4f, 1f))
    assert(sum.numLayers == 2 && sum.layerNames == List("ip", "loss"))
  }

  it should "refuse to add what differs in layers, blobs or shapes" taggedAs Unit in {
    val other = new WeightCollection(Map("a" -> MutableList.empty[NDArray]), List("a"))
    assertThrows[IllegalArgumentException](WeightCollection.add(weights(1f, 2f), other))
    val longer = weights(1f, 2f)
    longer.allWeights("loss") += NDArray.zeros(Array(1))
    assertThrows[IllegalArgumentException](WeightCollection.add(weights(1f, 2f), longer))
    val wider = weights(1f, 2f)
    wider.allWeights("ip")(0) = NDArray.zeros(Array(2, 1))
    val refused =
      intercept[IllegalArgumentException](WeightCollection.add(weights(1f, 2f), wider))
    assert(refused.getMessage.contains("layer ip"))
  }

  it should "survive Java serialisation" taggedAs Unit in {
    val bytes = new ByteArrayOutputStream
    new ObjectOutputStream(bytes).writeObject(weights(5f, 6f))
    val read = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray)).readObject()
    assert(flat(read.asInstanceOf[WeightCollection]) == List(5f, 6f, 1f))
  }
}
