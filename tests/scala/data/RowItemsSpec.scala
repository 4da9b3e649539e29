package sparknet.data

import java.nio.file.{Files, Path}

import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.types._
import org.apache.spark.unsafe.types.UTF8String
import org.scalatest.Assertion
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class RowItemsSpec extends AnyFlatSpec {
  import InternalRows._

  private def built(items: RowItems, rows: Seq[InternalRow]): Block = {
    val builder = items.builder(10)
    rows.foreach(row => assert(builder.add(row).isEmpty))
    assert(builder.size == rows.length)
    builder.result()
  }

  private def refusal(items: RowItems, rows: Seq[InternalRow]): (String, String) = {
    val builder = items.builder(10)
    val Some(what) = builder.add(rows.head)
    assert(builder.size == 0 && builder.result().size == 0)
    (what, builder.reason)
  }

  private def one(of: DataType, shape: Array[Int]): RowItems =
    RowItems(schema("x" -> of), Seq("x" -> shape), None, 0, None)

  for (
    (of, values) <- Seq[(DataType, Seq[Any])](
      FloatType -> Seq(1.5f, -2f, 3f),
      DoubleType -> Seq(1.5, -2.0, 3.0),
      DecimalType(5, 1) -> Seq(Decimal(1.5), Decimal(-2.0), Decimal(3.0)),
      IntegerType -> Seq(1, -2, 3),
      LongType -> Seq(1L, -2L, 3L),
      ShortType -> Seq(1.toShort, -2.toShort, 3.toShort),
      ByteType -> Seq(1.toByte, -2.toByte, 3.toByte)
    )
  )
    "RowItems" should s"take arrays and columns of ${of.catalogString}" taggedAs Unit in {
      val expected = values.map(v => BigDecimal(v.toString).toFloat)
      both(schema("x" -> ArrayType(of)), Seq(array(values: _*))) { rows =>
        val block = built(one(ArrayType(of), Array(3, 1)), rows)
        assert(block.floats.toSeq == expected && block.shape.toSeq == Seq(3, 1))
        assert(block.labelCount == 0 && block.labels.isEmpty && block.weights == null)
      }
      val several = schema("a" -> of, "b" -> of, "c" -> of)
      both(several, values) { rows =>
        val items = RowItems(several, Seq("c" -> null, "a" -> Array(1)), None, 0, None)
        val block = built(items, rows)
        assert(block.shape.toSeq == Seq(2))
        assert(block.floats.toSeq == Seq(expected(2), expected(0)))
      }
    }

  it should "name the null, the NaN and the infinite value of a column" taggedAs Unit in {
    val floats = ArrayType(FloatType)
    val long = Seq.tabulate(130)(i => if (i == 129) null else 1f)
    for (
      (values, what, reason) <- Seq(
        (array(1f, null), "has a null at value 1", "null"),
        (array(long: _*), "has a null at value 129", "null"),
        (array(1f, Float.NaN), "has a NaN at value 1", "NaN"),
        (array(Float.NegativeInfinity, 0f), "has an infinite value at value 0", "infinite value"),
        (array(1f), "has 1 value instead of 2 (2x1)", "wrong number of values"),
        (null, "is null", "null")
      )
    )
      both(schema("x" -> floats), Seq(values)) { rows =>
        val shape = if (values != null && values.numElements() == 130) Array(130) else Array(2, 1)
        assert(refusal(one(floats, shape), rows) == s"column 'x' $what" -> s"$reason in column 'x'")
      }
    both(schema("x" -> ArrayType(DoubleType)), Seq(array(1e300))) { rows =>
      val (what, _) = refusal(one(ArrayType(DoubleType), Array(1)), rows)
      assert(what == "column 'x' has an infinite value")
    }
    both(schema("x" -> DoubleType), Seq(Double.NaN)) { rows =>
      assert(refusal(one(DoubleType, null), rows)._1 == "column 'x' has a NaN")
    }
  }

  it should "find a value that is no number wherever it stands" taggedAs Unit in {
    val floats = ArrayType(FloatType, containsNull = false)
    for (n <- Seq(1, 7, 8, 9, 31); place <- 0 until n)
      for (bad <- Seq(Float.NaN, Float.NegativeInfinity, Float.PositiveInfinity)) {
        val values = Array.fill[Any](n)(-Float.MaxValue)
        values(place) = bad
        val what = if (bad.isNaN) "has a NaN" else "has an infinite value"
        val at = if (n == 1) "" else s" at value $place"
        val row = InternalRow(array(values: _*))
        assert(refusal(one(floats, Array(n)), Seq(row))._1 == s"column 'x' $what$at")
      }
  }

  private val vectors = new VectorUDT

  it should "take dense and sparse vectors" taggedAs Unit in {
    val dense = InternalRow(1.toByte, null, null, array(0.5, 0.0, -1.0))
    val sparse = InternalRow(0.toByte, 3, array(0, 2), array(0.5, -1.0))
    both(schema("x" -> vectors), Seq(dense), Seq(sparse)) { rows =>
      val block = built(one(vectors, Array(3)), rows)
      assert(block.floats.toSeq == Seq(0.5f, 0f, -1f, 0.5f, 0f, -1f))
    }
    for ((vector, n) <- Seq(dense -> 3, sparse -> 3))
      both(schema("x" -> vectors), Seq(vector)) { rows =>
        val (what, _) = refusal(one(vectors, Array(4)), rows)
        assert(what == s"column 'x' has $n values instead of 4")
      }
    val bad = InternalRow(0.toByte, 3, array(2), array(Double.NaN))
    both(schema("x" -> vectors), Seq(bad)) { rows =>
      assert(refusal(one(vectors, Array(3)), rows)._1 == "column 'x' has a NaN at value 2")
    }
  }

  it should "clear what an unusable row has left behind a sparse vector" taggedAs Unit in {
    val bad = InternalRow(1.toByte, null, null, array(7.0, 7.0, Double.NaN))
    val sparse = InternalRow(0.toByte, 3, array(1), array(2.0))
    both(schema("x" -> vectors), Seq(bad), Seq(sparse)) { rows =>
      val builder = one(vectors, Array(3)).builder(2)
      assert(builder.add(rows(0)).nonEmpty && builder.add(rows(1)).isEmpty)
      assert(builder.result().floats.toSeq == Seq(0f, 2f, 0f))
    }
  }

  it should "take labels, label vectors and weights" taggedAs Unit in {
    val of = schema("y" -> ArrayType(DoubleType), "x" -> FloatType, "w" -> IntegerType)
    val items = RowItems(of, Seq("x" -> null), Some("y"), 2, Some("w"))
    assert(items.labelling == Labelling(2, weighted = true))
    both(of, Seq(array(1.0, 2.0), 5f, 3), Seq(array(3.0, 4.0), 6f, 0)) { rows =>
      val block = built(items, rows)
      assert(block.floats.toSeq == Seq(5f, 6f) && block.labels.toSeq == Seq(1f, 2f, 3f, 4f))
      assert(block.labelCount == 2 && block.weights.toSeq == Seq(3f, 0f))
    }
    for (
      (row, what) <- Seq(
        Seq[Any](array(1.0), 5f, 3) -> "column 'y' has 1 value instead of 2",
        Seq[Any](null, 5f, 3) -> "column 'y' is null",
        Seq[Any](array(1.0, Double.NaN), 5f, 3) -> "column 'y' has a NaN at value 1",
        Seq[Any](array(1.0, 2.0), 5f, -1) -> "column 'w' has a negative weight",
        Seq[Any](array(1.0, 2.0), 5f, null) -> "column 'w' is null",
        Seq[Any](array(1.0, 2.0), null, 3) -> "column 'x' is null"
      )
    )
      both(of, row)(rows => assert(refusal(items, rows)._1 == what))
  }

  it should "make one block after the other, of so many items at most" taggedAs Unit in {
    val builder = one(IntegerType, null).builder(3)
    val blocks = for (start <- Seq(0, 3)) yield {
      for (i <- 0 until 3) assert(builder.add(InternalRow(start + i)).isEmpty)
      assertThrows[IllegalArgumentException](builder.add(InternalRow(9)))
      builder.result()
    }
    assert(blocks.map(_.floats.toSeq) == Seq(Seq(0f, 1f, 2f), Seq(3f, 4f, 5f)))
    // More than what a block begins with.
    val many = one(IntegerType, null).builder(1000000)
    for (i <- 0 until 600000) assert(many.add(InternalRow(i)).isEmpty)
    assert(many.result().floats.sameElements(Array.range(0, 600000).map(_.toFloat)))
  }

  private def file(name: String) = Path.of("tests", "resources", "images", name)
  private def resource(name: String): Array[Byte] = Files.readAllBytes(file(name))
  private def pillow(name: String) = resource(s"$name.rgb")
  private val shape = Array(3, 24, 32)

  private def near(found: Array[Byte], expected: Array[Byte]): Assertion = {
    assert(found.length == expected.length)
    assert(found.zip(expected).forall { case (a, b) => math.abs((a & 0xff) - (b & 0xff)) <= 1 })
  }

  it should "take bytes as they are, and decode JPEG and PNG" taggedAs Boundary in {
    val raw = Array.tabulate(3 * 24 * 32)(_.toByte)
    for (start <- Seq(0xff, 0xd8, 0xff).zipWithIndex) raw(start._2) = start._1.toByte // not a JPEG
    both(schema("x" -> BinaryType), Seq(raw), Seq(resource("rgb.png")), Seq(resource("rgb.jpg"))) {
      rows =>
        val block = built(one(BinaryType, shape), rows)
        val items = block.bytes.grouped(raw.length).toSeq
        assert(items.head.sameElements(raw))
        near(items(1), pillow("rgb.png"))
        near(items(2), pillow("rgb.jpg"))
    }
    val small = Array(3, 10, 13)
    both(schema("x" -> BinaryType), Seq(resource("rgb.png"))) { rows =>
      near(built(one(BinaryType, small), rows).bytes, resource("rgb.png.10x13.rgb"))
    }
    // A JPEG whose size is that of an item.
    val end = 3 - resource("rgb.jpg").length % 3
    val jpeg = resource("rgb.jpg") ++ new Array[Byte](end)
    val fits = Array(3, 1, jpeg.length / 3)
    both(schema("x" -> BinaryType), Seq(jpeg)) { rows =>
      val Right(expected) = ImageCodec.planes(jpeg, 1, fits(2))
      near(built(one(BinaryType, fits), rows).bytes, expected)
    }
  }

  it should "say which bytes are no image" taggedAs Boundary in {
    for (
      (bytes, what, reason) <- Seq(
        (Array[Byte](1, 2), "has 2 values instead of 2304 (3x24x32)", "wrong number of values"),
        (
          resource("rgb.jpg").take(40),
          "has no image that can be used: corrupt image",
          "corrupt image"
        ),
        (Array.emptyByteArray, "has no image that can be used: empty file", "empty file")
      )
    )
      both(schema("x" -> BinaryType), Seq(bytes)) { rows =>
        val found = refusal(one(BinaryType, shape), rows)
        assert(found == s"column 'x' $what" -> s"$reason in column 'x'")
      }
  }

  private val imageType = schema(
    "origin" -> StringType,
    "height" -> IntegerType,
    "width" -> IntegerType,
    "nChannels" -> IntegerType,
    "mode" -> IntegerType,
    "data" -> BinaryType
  )

  /** As Spark's reader lays an image out: rows of blue, green, red and alpha. */
  private def struct(planes: Array[Byte], height: Int, width: Int, channels: Int): InternalRow = {
    val plane = height * width
    val data = for (pixel <- 0 until plane; c <- 0 until channels) yield c match {
      case 3 => 77.toByte
      case c => planes((2 - c) * plane + pixel)
    }
    InternalRow(UTF8String.fromString("a.png"), height, width, channels, 16, data.toArray)
  }

  it should "take images as Spark reads them: colours, alpha, grey" taggedAs Unit in {
    val planes = pillow("rgb.png")
    for (channels <- Seq(3, 4))
      both(schema("x" -> imageType), Seq(struct(planes, 24, 32, channels))) { rows =>
        assert(built(one(imageType, shape), rows).bytes.sameElements(planes))
        near(built(one(imageType, Array(3, 10, 13)), rows).bytes, resource("rgb.png.10x13.rgb"))
      }
    val grey = InternalRow(null, 1, 2, 1, 0, Array[Byte](5, 6))
    both(schema("x" -> imageType), Seq(grey)) { rows =>
      val block = built(one(imageType, Array(3, 1, 2)), rows)
      assert(block.bytes.toSeq == Seq[Byte](5, 6, 5, 6, 5, 6))
    }
    // What Spark makes of a file that is no image.
    val none = InternalRow(UTF8String.fromString("a"), -1, -1, -1, -1, Array.emptyByteArray)
    both(schema("x" -> imageType), Seq(none)) { rows =>
      val (what, reason) = refusal(one(imageType, shape), rows)
      assert(what == "column 'x' has no image: 0 bytes for -1 x -1 pixels of -1 bytes")
      assert(reason == "not an image in column 'x'")
    }
  }

  it should "read the images that a column names" taggedAs SparkTag in {
    LocalSpark.context
    def row(name: String) = Seq(UTF8String.fromString(name))
    val png = file("rgb.png").toAbsolutePath
    both(schema("x" -> StringType), row(png.toString), row(png.toUri.toString)) { rows =>
      val block = built(one(StringType, shape), rows)
      assert(block.bytes.sameElements(pillow("rgb.png") ++ pillow("rgb.png")))
    }
    val text = Path.of("build.sbt").toAbsolutePath
    for (
      (name, what, reason) <- Seq(
        ("/no/such.png", "names a missing file: /no/such.png", "missing file"),
        (s"$text", s"names no image that can be used: $text: not an image", "not an image"),
        ("", "names a missing file: ", "missing file")
      )
    )
      both(schema("x" -> StringType), row(name)) { rows =>
        val found = refusal(one(StringType, shape), rows)
        assert(found == s"column 'x' $what" -> s"$reason in column 'x'")
      }
  }

  it should "take images beside numbers as floats" taggedAs Unit in {
    val of = schema("x" -> imageType, "n" -> LongType)
    val grey = InternalRow(null, 1, 1, 1, 0, Array[Byte](-6))
    both(of, Seq(grey, 4L)) { rows =>
      val items = RowItems(of, Seq("n" -> null, "x" -> Array(3, 1, 1)), None, 0, None)
      assert(built(items, rows).floats.toSeq == Seq(4f, 250f, 250f, 250f))
    }
  }

  it should "refuse columns that can be no items" taggedAs Unit in {
    val of = schema(
      "n" -> IntegerType,
      "twice" -> IntegerType,
      "twice" -> IntegerType,
      "a" -> ArrayType(FloatType),
      "b" -> BooleanType,
      "s" -> StringType
    )
    def message(
        columns: Seq[(String, Array[Int])],
        label: Option[String] = None,
        labelCount: Int = 1,
        weight: Option[String] = None
    ) = intercept[CaffeException](RowItems(of, columns, label, labelCount, weight)).getMessage
    val n = Seq("n" -> null)
    assert(message(Nil).contains("at least one column"))
    assert(message(Seq("m" -> null)).contains("no column 'm'; there are n, twice, twice, a, b, s"))
    assert(message(Seq("twice" -> null)).contains("there are 2 columns 'twice'"))
    assert(message(Seq("n" -> Array(2))).contains("column 'n' has one number in each row, not 2"))
    assert(message(Seq("a" -> null)).contains("'a' is array<float>: say what shape"))
    assert(message(Seq("a" -> Array(0))).contains("cannot have the shape (0)"))
    assert(message(Seq("b" -> Array(1))).contains("column 'b' is boolean"))
    assert(message(Seq("s" -> Array(4))).contains("become 3 x height x width, not 4"))
    assert(message(n, label = Some("b")).contains("labels must be numbers"))
    assert(message(n, label = Some("n"), labelCount = 2).contains("one number in each row, not 2"))
    assert(message(n, weight = Some("a")).contains("weights must be numbers"))
  }
}
