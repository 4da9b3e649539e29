package sparknet.io

import org.scalatest.flatspec.AnyFlatSpec
import support._

class NoticesSpec extends AnyFlatSpec {
  private val name = classOf[NoticesSpec].getName

  private def values(taken: String): Seq[String] = taken.split('\u0000').toSeq

  "Notices" should "go to the log by the name of a class" taggedAs Unit in
    Logged.by(classOf[NoticesSpec]) { lines =>
      val notices = new Notices(classOf[NoticesSpec])
      notices.warn("3 {} left out")
      notices.info("2 threads")
      assert(
        lines() == Seq(
          Logged.Line("WARN", name, "3 {} left out"),
          Logged.Line("INFO", name, "2 threads")
        )
      )
      assert(notices.take() == "")
    }

  it should "be kept instead, in order, for who asks for them" taggedAs Unit in
    Logged.by(classOf[NoticesSpec]) { lines =>
      val notices = new Notices(classOf[NoticesSpec])
      notices.keep()
      assert(notices.take() == "")
      notices.warn("a")
      notices.info("b c")
      notices.keep() // forgets nothing
      assert(values(notices.take()) == Seq("WARNING", "a", "INFO", "b c"))
      notices.warn("d")
      assert(values(notices.take()) == Seq("WARNING", "d"))
      assert(notices.take() == "" && lines().isEmpty)
    }

  it should "keep the last ones where nobody asks" taggedAs Unit in {
    val notices = new Notices(classOf[NoticesSpec])
    notices.keep()
    for (i <- 1 to 3000) notices.info(s"$i")
    val kept = values(notices.take()).filterNot(_ == "INFO")
    assert(kept.length == 1000 && kept.head == "2001" && kept.last == "3000")
  }

  it should "say once what has a key" taggedAs Unit in {
    val notices = new Notices(classOf[NoticesSpec])
    notices.keep()
    for (i <- 1 to 3; key <- Seq("x", "y")) notices.once(key)(notices.warn(s"$key $i"))
    assert(values(notices.take()) == Seq("WARNING", "x 1", "WARNING", "y 1"))
  }
}
