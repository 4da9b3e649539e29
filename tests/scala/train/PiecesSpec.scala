package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support._

class PiecesSpec extends AnyFlatSpec {
  private val nets = Seq(0, 1, 3, 1000, Pieces.few, Pieces.few + 1, 7000000, 61000000, 138000000)
  private val crews = Seq(1, 2, 3, 4, 8, 64, 500)

  "Pieces" should "cover a vector without gaps, for any number of hosts" taggedAs Unit in
    (for (floats <- nets; hosts <- crews) {
      val pieces = Pieces.of(floats, hosts)
      val ends = pieces.all.map(p => pieces.start(p) + pieces.length(p))
      assert(pieces.all.map(pieces.start) == (0 +: ends).dropRight(if (floats == 0) 1 else 1))
      assert(ends.lastOption.getOrElse(0) == floats && pieces.all.forall(pieces.length(_) > 0))
    })

  it should "be dealt out evenly, all to everyone where they are few" taggedAs Unit in
    (for (floats <- nets; hosts <- crews; present <- Seq(hosts, math.max(1, hosts - 1))) {
      val pieces = Pieces.of(floats, hosts)
      val dealt = pieces.dealt(present)
      assert(dealt.length == present)
      if (pieces.everywhere) assert(dealt.forall(_ == pieces.all))
      else {
        assert(dealt.flatten == pieces.all)
        assert(dealt.map(_.length).max - dealt.map(_.length).min <= 1)
        if (present == hosts) assert(dealt.map(_.length).distinct.length == 1)
      }
    })

  it should "have no more on its way to a host than its memory has room for" taggedAs Unit in
    (for (floats <- nets; hosts <- crews) {
      val pieces = Pieces.of(floats, hosts)
      assert(pieces.size.toLong * 4 <= (16 << 20))
      if (hosts <= 128) assert(pieces.size.toLong * hosts * 4 <= (64 << 20))
    })
}
