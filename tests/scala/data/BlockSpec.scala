package sparknet.data

import java.nio.{ByteBuffer, ByteOrder}

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.{CaffeException, Images}

class BlockSpec extends AnyFlatSpec {
  private val shape = Array(1, 2, 2)

  private def packed(n: Int, dtype: Int, labels: Seq[Float], rest: Int): ByteBuffer = {
    val buffer = ByteBuffer.allocate(8 + 4 * labels.length + rest).order(ByteOrder.LITTLE_ENDIAN)
    buffer.putInt(n).putInt(dtype)
    labels.foreach(buffer.putFloat)
    buffer
  }

  private def items(block: Block): Seq[Seq[Float]] = (0 until block.size).map { i =>
    val item = new Array[Float](block.itemSize)
    block.copyItem(i, item)
    item.toSeq
  }

  "A Block" should "unpack bytes as values 0 to 255" taggedAs Unit in {
    val buffer = packed(2, 0, Seq(3, 4), 8)
    buffer.put(Array(0, 1, 127, -128, -1, 5, 6, 7).map(_.toByte))
    val block = Block.unpack(buffer.array, shape)
    assert(block.labels.toSeq == Seq(3f, 4f))
    assert(items(block) == Seq(Seq(0f, 1f, 127f, 128f), Seq(255f, 5f, 6f, 7f)))
  }

  it should "unpack floats" taggedAs Unit in {
    val buffer = packed(1, 1, Seq(0.5f), 16)
    Seq(1.5f, -2f, 3e30f, 0f).foreach(buffer.putFloat)
    val block = Block.unpack(buffer.array, shape)
    assert(block.bytes == null && items(block) == Seq(Seq(1.5f, -2f, 3e30f, 0f)))
  }

  it should "refuse what is not packed items" taggedAs Unit in {
    for (
      (bytes, part) <- Seq(
        Array[Byte](1, 2) -> "header",
        packed(1, 0, Seq(1), 3).array -> "16 bytes",
        packed(-1, 0, Nil, 0).array -> "-1 items",
        packed(1, 7, Seq(1), 4).array -> "type 7"
      )
    ) {
      val refused = intercept[CaffeException](Block.unpack(bytes, shape))
      assert(refused.getCodeName == "SHAPE" && refused.getMessage.contains(part))
    }
    assert(
      intercept[CaffeException](new Block(shape, Array(1f), Array[Byte](1), null)).getMessage
        .contains("1 values are not 1 items of 1x2x2")
    )
  }

  it should "survive serialisation" taggedAs Boundary in {
    for (
      block <- Seq(
        new Block(shape, Array(1f, 2f), Array.tabulate(8)(_.toByte), null),
        new Block(shape, Array(1f, 2f), null, Array.tabulate(8)(_ / 3f)),
        new Block(shape, Array.empty, Array.empty, null)
      )
    ) {
      for ((serialiser, read) <- Serialisers.copies(block)) withClue(serialiser) {
        assert(items(read) == items(block) && read.labels.sameElements(block.labels))
        assert((read.bytes == null) == (block.bytes == null) && read.shape.sameElements(shape))
      }
    }
    for ((serialiser, read) <- Serialisers.copies(encoded)) withClue(serialiser) {
      val item = new Array[Float](60)
      read.copyItem(1, item)
      val planes = Images.decode(image("grey.jpg"), 4, 5)
      assert(item.toSeq == planes.map(b => (b & 0xff).toFloat).toSeq)
    }
  }

  it should "deal its items out to parts" taggedAs Unit in {
    val block =
      new Block(Array(1), Array.range(0, 7).map(_.toFloat), Array.range(0, 7).map(_.toByte), null)
    for (offset <- 0 until 5) {
      val parts = block.deal(3, offset)
      assert(parts.length == 3)
      assert(parts.flatMap(_.labels).sorted == (0 until 7).map(_.toFloat))
      for (p <- parts) assert(items(p).map(_.head) == p.labels.toSeq)
      for (i <- 0 until 7) assert(parts((i + offset) % 3).labels.contains(i.toFloat))
    }
  }

  private def image(name: String): Array[Byte] = {
    val stream = getClass.getResourceAsStream(s"/images/$name")
    try stream.readAllBytes()
    finally stream.close()
  }

  private def encoded: Block = Block.ofImages(
    Array(3, 4, 5),
    Array(7f, 8f, 9f),
    Encoded(Array(image("rgb.jpg"), image("grey.jpg"), Array[Byte](1, 2)), Array("a", "b", "c"))
  )

  it should "decode encoded images when they are asked for" taggedAs Boundary in {
    val block = encoded
    assert(block.size == 3 && block.itemSize == 60 && block.byteCount < 5000)
    val item = new Array[Float](60)
    for ((name, i) <- Seq("rgb.jpg" -> 0, "grey.jpg" -> 1)) {
      block.copyItem(i, item)
      val planes = Images.decode(image(name), 4, 5)
      assert(item.toSeq == planes.map(b => (b & 0xff).toFloat).toSeq)
    }
    val bad = intercept[BadItem](block.copyItem(2, item)).record
    assert(bad.name == "c")
    val dealt = block.deal(2, 0)
    assert(dealt.map(_.labels.toSeq) == Seq(Seq(7f, 9f), Seq(8f)))
    dealt(1).copyItem(0, item)
    assert(item.toSeq == Images.decode(image("grey.jpg"), 4, 5).map(b => (b & 0xff).toFloat).toSeq)
  }

  it should "be packed as it is unpacked" taggedAs Unit in {
    for (
      block <- Seq(
        new Block(shape, Array(1f, 2f), Array.tabulate(8)(i => (i * 40).toByte), null),
        new Block(shape, Array(1f, 2f), null, Array.tabulate(8)(_ / 3f))
      )
    ) {
      val back = Block.unpack(Block.pack(block), shape)
      assert(items(back) == items(block) && back.labels.sameElements(block.labels))
    }
  }

  it should "have label vectors and weights, or no labels at all" taggedAs Unit in {
    val block = new Block(
      Array(1),
      Array.range(0, 6).map(_.toFloat),
      2,
      Array(7f, 8f, 9f),
      null,
      Array(1f, 2f, 3f)
    )
    assert(block.size == 3 && block.labelling == Labelling(2, weighted = true))
    val dealt = block.deal(2, 0)
    assert(dealt.map(_.labels.toSeq) == Seq(Seq(0f, 1f, 4f, 5f), Seq(2f, 3f)))
    assert(dealt.map(_.weights.toSeq) == Seq(Seq(7f, 9f), Seq(8f)))
    val packed = intercept[CaffeException](Block.pack(block)).getMessage
    assert(packed.contains("these come with 2 label values and a weight"))

    val bare = new Block(Array(2), Array.empty, 0, null, null, Array(1f, 2f, 3f, 4f))
    assert(bare.size == 2 && bare.deal(2, 0).map(_.floats.toSeq) == Seq(Seq(1f, 2f), Seq(3f, 4f)))
    def message(labels: Int, weights: Int) = intercept[CaffeException](
      new Block(Array(1), new Array(labels), 2, new Array(weights), null, new Array(2))
    ).getMessage
    assert(message(5, 2).contains("2 items with 2 label values each have 5 of them"))
    assert(message(4, 1).contains("and 1 weights"))
  }
}
