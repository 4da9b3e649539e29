package sparknet.data

import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

class BadRecordsSpec extends AnyFlatSpec {
  private def bad(reason: String, names: String*): BadRecords =
    names.foldLeft(BadRecords.empty)((sum, name) => sum + BadRecord(reason, name))

  "BadRecords" should "be counted by reason with some names" taggedAs Unit in {
    val sum = bad("no label", "c") ++ bad("corrupt image", "a", "b")
    assert(sum.total == 3 && sum.counts == Map("no label" -> 1, "corrupt image" -> 2))
    assert(sum.toString == "3 records left out: 2 corrupt image (a, b), 1 no label (c)")
    assert(sum.leftOutOf(1200).startsWith("3 of 1,200 records left out: 2 corrupt image (a, b)"))
    assert(bad("link", "x").toString == "1 record left out: 1 link (x)")
    assert(BadRecords.empty.toString == "no records left out" && BadRecords.empty.isEmpty)
  }

  it should "keep the first names only" taggedAs Unit in {
    val many = bad("no label", (1 to 4000).map(_.toString): _*)
    assert(many.toString == "4,000 records left out: 4,000 no label (1, 2, 3, 4, 5, ...)")
    val sum = bad("no label", "x") ++ many
    assert(sum.total == 4001 && sum.names("no label") == Seq("x", "1", "2", "3", "4"))
    assert(bad("a", "1") ++ bad("b", "2") == bad("b", "2") ++ bad("a", "1"))
  }

  it should "tell what is new since an earlier count" taggedAs Unit in {
    val before = bad("no label", "a", "b") ++ bad("link", "c")
    val now = bad("no label", "d", "a", "b") ++ bad("corrupt image", "e")
    assert(now.since(before) == bad("no label", "d") ++ bad("corrupt image", "e"))
    assert(before.since(now) == bad("link", "c") && now.since(now).isEmpty)
  }
}
