package sparknet.data

import com.sun.jna.{Memory, Pointer}
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.types._
import org.scalatest.flatspec.AnyFlatSpec
import support._

class RowFillerSpec extends AnyFlatSpec {
  import InternalRows._

  private def items(of: StructType, columns: (String, Array[Int])*) =
    RowItems(of, columns, None, 0, None)

  /** What minibatches of `batch` rows have in each input, and what was refused of them when. */
  private def filled(
      items: RowItems,
      rows: Seq[InternalRow],
      inputs: Array[Int],
      batch: Int,
      preprocessing: Preprocessing = new Identity,
      augmentation: Augmentation = Augmentation.none
  ): (Seq[Seq[Seq[Float]]], Seq[String], Seq[(Int, String)]) =
    Closing.using(items.filler(preprocessing, augmentation, inputs, batch)) { filler =>
      val memories = inputs.map(size => new Memory(4L * size * batch))
      try {
        val parts = rows.grouped(batch).toSeq.map { part =>
          filler.begin(memories.map(Pointer.nativeValue))
          val refused = part.flatMap(filler.add(_))
          val late = filler.finish()
          val values = memories.toSeq.zip(inputs).map { case (memory, size) =>
            memory.getFloatArray(0, filler.size * size).toSeq
          }
          (values, refused, late)
        }
        (parts.map(_._1), parts.flatMap(_._2), parts.flatMap(_._3))
      } finally memories.foreach(_.close())
    }

  private def numbers(of: DataType): Seq[Any] = Seq(1, -2, 3, 0, 7).map { n =>
    of match {
      case FloatType      => n * 0.5f
      case DoubleType     => n * 0.5
      case _: DecimalType => Decimal(n * 0.5)
      case IntegerType    => n
      case LongType       => n.toLong
      case ShortType      => n.toShort
      case ByteType       => n.toByte
    }
  }

  for (
    of <- Seq(FloatType, DoubleType, DecimalType(5, 1), IntegerType, LongType, ShortType, ByteType)
  )
    "Rows" should s"fill minibatches with arrays and columns of ${of.catalogString}" taggedAs
      Boundary in {
        val values = numbers(of)
        val expected = values.map(v => BigDecimal(v.toString).toFloat)
        val rows = Seq(array(values: _*), array(values.reverse: _*), array(values: _*))
        both(schema("x" -> ArrayType(of)), rows.map(Seq(_)): _*) { rows =>
          val own = items(schema("x" -> ArrayType(of)), "x" -> Array(5))
          val (minibatches, refused, late) = filled(own, rows, Array(5), 2)
          assert(minibatches == Seq(Seq(expected ++ expected.reverse), Seq(expected)))
          assert(refused.isEmpty && late.isEmpty)
        }
        val of3 = schema("a" -> of, "b" -> of, "c" -> of)
        both(of3, values.take(3), values.slice(1, 4)) { rows =>
          val own = items(of3, "c" -> null, "a" -> Array(1))
          val (minibatches, _, _) = filled(own, rows, Array(2), 4)
          assert(
            minibatches == Seq(Seq(Seq(expected(2), expected(0), expected(3), expected(1))))
          )
        }
      }

  private val vectors = new VectorUDT
  private val dense = Seq(InternalRow(1.toByte, null, null, array(0.5, 0.0, -1.0, 2.0, 4.0)))
  private val sparse = Seq(InternalRow(0.toByte, 5, array(0, 3), array(0.25, -1.0)))

  they should "fill them with dense and sparse vectors" taggedAs Boundary in
    both(schema("x" -> vectors), dense, sparse) { rows =>
      val own = items(schema("x" -> vectors), "x" -> Array(5))
      // The memory is used again: what the first minibatch left must not shine through.
      val (minibatches, _, _) = filled(own, rows ++ rows.reverse, Array(5), 2)
      val (first, second) = (Seq(0.5f, 0f, -1f, 2f, 4f), Seq(0.25f, 0f, 0f, -1f, 0f))
      assert(minibatches == Seq(Seq(first ++ second), Seq(second ++ first)))
    }

  they should "be refused at once, or when all are there, and others take their place" taggedAs
    Boundary in {
      val (floats, double) = (ArrayType(FloatType), DoubleType)
      val of = schema("x" -> floats, "y" -> double)
      val own = items(of, "x" -> Array(2), "y" -> null)
      both(
        of,
        Seq(array(1f, 2f), 3.0),
        Seq(array(1f, Float.NaN), 3.0),
        Seq(array(1f), 3.0),
        Seq(array(4f, 5f), 6.0),
        Seq(array(4f, 5f), 1e300),
        Seq(array(4f, null), 0.0),
        Seq(array(4f, 5f), null),
        Seq(array(7f, 8f), 9.0)
      ) { rows =>
        for (
          (inputs, expected) <- Seq(
            Array(3) -> Seq(Seq(1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f)),
            Array(2, 1) -> Seq(Seq(1f, 2f, 4f, 5f, 7f, 8f), Seq(3f, 6f, 9f))
          )
        ) {
          val (minibatches, refused, late) = filled(own, rows, inputs, 8)
          assert(minibatches == Seq(expected))
          assert(
            refused == Seq(
              "column 'x' has 1 value instead of 2",
              "column 'x' has a null at value 1",
              "column 'y' is null"
            )
          )
          assert(
            late == Seq(
              1 -> "column 'x' has a NaN at value 1",
              3 -> "column 'y' has an infinite value"
            )
          )
        }
        // Items that a function changes are looked at before it.
        val doubled: Preprocessing = item => item.indices.foreach(i => item(i) *= 2)
        val (minibatches, refused, late) = filled(own, rows, Array(2, 1), 8, doubled)
        assert(minibatches == Seq(Seq(Seq(2f, 4f, 8f, 10f, 14f, 16f), Seq(6f, 12f, 18f))))
        assert(refused.length == 5 && late.isEmpty)
      }
    }

  they should "all be refused" taggedAs Boundary in {
    val of = schema("x" -> FloatType)
    both(of, Seq(Float.PositiveInfinity), Seq(Float.NaN)) { rows =>
      val (minibatches, _, late) = filled(items(of, "x" -> null), rows, Array(1), 2)
      assert(minibatches == Seq(Seq(Nil)) && late.map(_._1) == Seq(0, 1))
    }
  }

  they should "not be more than a minibatch" taggedAs Boundary in {
    val of = schema("x" -> FloatType)
    val memory = new Memory(4)
    Closing.using(items(of, "x" -> null).filler(new Identity, Augmentation.none, Array(1), 1)) {
      filler =>
        filler.begin(Array(Pointer.nativeValue(memory)))
        assert(filler.add(InternalRow(1f)).isEmpty)
        assertThrows[IllegalArgumentException](filler.add(InternalRow(2f)))
        assertThrows[IllegalArgumentException](filler.begin(Array(0L, 0L)))
    }
    memory.close()
  }

  private val shape = Array(3, 4, 5)
  private val random = new scala.util.Random(7)
  private val pictures = Seq.fill(3)(Array.fill(60)(random.nextInt(256).toByte))
  private val mean = Array.fill(60)(random.nextInt(200) / 4f)

  /** By the formula, from the centre. */
  private def seen(picture: Array[Byte], height: Int, width: Int): Seq[Float] = {
    val (top, left) = ((4 - height) / 2, (5 - width) / 2)
    for (c <- 0 until 3; y <- 0 until height; x <- 0 until width) yield {
      val at = (c * 4 + top + y) * 5 + left + x
      ((picture(at) & 0xff) - mean(at)) * 0.5f
    }
  }

  they should "be bytes and floats less a mean, scaled and cropped, natively and not" taggedAs
    Boundary in {
      val prepared = new Chain(new MeanSubtraction(mean), new Scaling(0.5f))
      val byHand: Preprocessing = item => prepared(item)
      val wide = ArrayType(FloatType, containsNull = false)
      def floats(bytes: Array[Byte]) = array(bytes.map(b => (b & 0xff).toFloat).toSeq: _*)
      for (
        (of, rows) <- Seq(
          BinaryType -> pictures.map(Seq(_)),
          wide -> pictures.map(p => Seq(floats(p)))
        );
        preprocessing <- Seq(prepared, byHand);
        (crop, height, width) <- Seq(
          (Augmentation.none, 4, 5),
          (Augmentation(2, 3, mirror = false), 2, 3)
        )
      )
        both(schema("x" -> of), rows: _*) { rows =>
          val own = items(schema("x" -> of), "x" -> shape)
          val (minibatches, _, _) =
            filled(own, rows, Array(3 * height * width), 2, preprocessing, crop)
          val expected = pictures.map(seen(_, height, width))
          assert(minibatches == Seq(Seq(expected(0) ++ expected(1)), Seq(expected(2))))
        }
    }

  they should "be bytes beside numbers, each for an input of its own or all for one" taggedAs
    Boundary in {
      val of = schema("n" -> IntegerType, "x" -> BinaryType)
      both(of, Seq(4, Array[Byte](1, -1)), Seq(5, Array[Byte](2, 3)), Seq(6, Array[Byte](0))) {
        rows =>
          val own = items(of, "n" -> null, "x" -> Array(2))
          val (apart, refused, _) = filled(own, rows, Array(1, 2), 3)
          assert(apart == Seq(Seq(Seq(4f, 5f), Seq(1f, 255f, 2f, 3f))))
          assert(refused == Seq("column 'x' has 1 value instead of 2"))
          assert(filled(own, rows, Array(3), 3)._1 == Seq(Seq(Seq(4f, 1f, 255f, 5f, 2f, 3f))))
          // One column for two inputs.
          assert(
            filled(own, rows, Array(2, 1), 3)._1 == Seq(Seq(Seq(4f, 1f, 5f, 2f), Seq(255f, 3f)))
          )
      }
    }
}
