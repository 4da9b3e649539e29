package sparknet.data

import org.apache.spark.SparkConf
import org.apache.spark.serializer.{JavaSerializer, KryoSerializer}
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.{CaffeException, Status}

class RecountSpec extends AnyFlatSpec {
  private val tar = "hdfs://host/train_03.tar"

  private def block(size: Int, leftOut: BadRecord*): Block =
    new Block(Array(1), Array.fill(size)(0f), new Array[Byte](size), null)
      .noting(None, leftOut.foldLeft(BadRecords.empty)(_ + _))

  /** What comes of blocks that were others when they were counted. */
  private def again(before: Block*)(now: Block*): Seq[Int] = {
    val recount = new Recount(IndexedSeq("", s"$tar, b.tar"))
    val other = Part.of(0, Iterator(block(9)), Labelling.plain)
    recount.expect(Array(other, Part.of(1, before.iterator, Labelling.plain)))
    recount.checked(1, now.iterator).map(_.size).toList
  }

  private def changed(before: Block*)(now: Block*): (String, String) = {
    val e = intercept[CaffeException](again(before: _*)(now: _*))
    (e.getCodeName, e.getMessage)
  }

  "A Recount" should "pass what is as it was counted, and anything before" taggedAs Unit in {
    val bad = BadRecord(BadRecord.noLabel, "a.JPEG")
    val blocks = Seq(block(2, bad), block(0), block(3))
    assert(again(blocks: _*)(blocks: _*) == Seq(2, 0, 3))
    assert(again()().isEmpty)
    assert(new Recount(IndexedSeq.empty).checked(5, blocks.iterator).toList == blocks)
  }

  it should "compare with counts that came by either of Spark's serialisers" taggedAs Unit in {
    val bad = BadRecord(BadRecord.corruptImage, "a.JPEG")
    val counted = Part.of(0, Iterator(block(2, bad), block(1)), Labelling.plain)
    for (kind <- Seq(new JavaSerializer(new SparkConf), new KryoSerializer(new SparkConf))) {
      val serializer = kind.newInstance()
      val part = serializer.deserialize[Part](serializer.serialize(counted))
      val recount = new Recount(IndexedSeq.empty)
      recount.expect(Array(part))
      assert(recount.checked(0, Iterator(block(2, bad), block(1))).length == 2)
      assertThrows[CaffeException](recount.checked(0, Iterator(block(2))).length)
    }
  }

  it should "name the file that is not what it was" taggedAs Unit in {
    val whole = "was read to its end when the data were counted, now it is"
    for (
      (reason, how) <- Seq(
        BadRecord.truncatedTar -> s"$whole cut off",
        BadRecord.damagedTar -> s"$whole damaged",
        BadRecord.notATar -> s"$whole not a tar",
        BadRecord.emptyFile -> s"$whole empty",
        BadRecord.unreadableFile -> "was read when the data were counted, now it is not to be read",
        BadRecord.missingFile -> "was there when the data were counted, now it is gone: no such file"
      )
    ) {
      // Other items in place of those of the file: the size alone would not tell.
      val found = changed(block(2), block(2))(block(2), block(2, BadRecord(reason, tar)))
      assert(found == (("IO", s"$tar: $how")))
    }
    val (code, message) =
      changed(block(2))(block(1, BadRecord(BadRecord.emptyFile, "a.JPEG")))
    assert(code == "STATE" && message.contains("; newly left out: 1 empty file (a.JPEG)"))
  }

  it should "say what a function of the user's threw" taggedAs Unit in {
    val failed = Block.faulty(Array(1), Fault(Status.CALLBACK, "my function failed"))
    assert(changed(block(1))(failed) == (("CALLBACK", "my function failed")))
  }

  it should "say how a partition differs" taggedAs Unit in {
    val bad = BadRecord(BadRecord.corruptImage, "a.JPEG")
    val where = s"partition 1 of the data ($tar, b.tar) is not what it was when it was counted:"
    for (
      ((before, now), how) <- Seq(
        (Seq(block(2)), Seq(block(3))) -> "block 0 has 3 items instead of 2.",
        (Seq(block(2), block(3)), Seq(block(2))) -> "it ends after 2 of 5 items.",
        (Seq(block(2)), Seq(block(2), block(1))) -> "it goes on after 2 of 2 items.",
        (Seq(block(1, bad)), Seq(block(2))) ->
          "block 0 has 2 items instead of 1; no longer left out: 1 corrupt image (a.JPEG).",
        (Seq(block(1)), Seq(Block.faulty(Array(1), Fault.ofData("record 7 has no data")))) ->
          "block 0 has 0 items instead of 1; bad data: record 7 has no data."
      )
    ) {
      val (code, message) = changed(before: _*)(now: _*)
      assert(code == "STATE" && message.startsWith(s"$where $how Give the data set a storage"))
    }
  }
}
