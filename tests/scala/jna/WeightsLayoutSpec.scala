package sparknet.jna

import caffe.Caffe.NetParameter
import com.google.protobuf.TextFormat
import org.scalatest.flatspec.AnyFlatSpec
import support._

class WeightsLayoutSpec extends AnyFlatSpec {
  private def layout(text: String) =
    WeightsLayout.of(TextFormat.parse(text, classOf[NetParameter]))

  private val text =
    """layer { name: "conv" blobs { shape { dim: 2 dim: 3 dim: 5 dim: 5 } }
      |  blobs { shape { dim: 2 } } }
      |layer { name: "ip" blobs { shape { dim: 4 dim: 6 } } }""".stripMargin

  "A WeightsLayout" should "place blobs one behind the other" taggedAs Unit in {
    val entries = layout(text).entries.map(e => (e.layer, e.index, e.offset, e.count))
    assert(entries == Seq(("conv", 0, 0, 150), ("conv", 1, 150, 2), ("ip", 0, 152, 24)))
    assert(layout(text).count == 176)
    assert(WeightsLayout(Vector()).count == 0)
  }

  it should "refuse more weights than an array holds" taggedAs Unit in {
    def failure(text: String) = intercept[CaffeException](layout(text))
    val large = failure("layer { name: 'a' blobs { shape { dim: 2147483648 } } }")
    assert(large.getCodeName == "SHAPE" && large.getMessage.contains("layer 'a' is 2147483648"))
    val wide = failure("layer { name: 'a' blobs { shape { dim: 65536 dim: 65536 } } }")
    assert(wide.getCodeName == "SHAPE" && wide.getMessage.contains("65536x65536"))
    val half = "layer { name: 'a' blobs { shape { dim: 1073741824 } } }"
    assert(
      failure(half * 2).getMessage == "the number of weights is 2147483648, which a Java " +
        "array cannot hold"
    )
  }

  it should "be equal by content" taggedAs Unit in {
    assert(layout(text) == layout(text))
    assert(layout(text).hashCode == layout(text).hashCode)
    assert(layout(text).differences(layout(text)).isEmpty)
  }

  it should "name what differs" taggedAs Unit in {
    val other = layout(text.replace("dim: 6", "dim: 7"))
    assert(layout(text) != other)
    assert(
      layout(text).differences(other) == "ip[0] 4x6 only in the first\nip[0] 4x7 only in the second"
    )
  }
}
