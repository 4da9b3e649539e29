package org.apache.spark.sparknet.ui

import org.json4s.JsonAST._
import org.json4s.jackson.JsonMethods
import org.scalatest.flatspec.AnyFlatSpec
import support.{OwnContexts, SparkTag}

class TabSpec extends AnyFlatSpec with OwnContexts {

  private final class Echo(name: String) extends TabPage(name) {
    override def show(asked: Asked): (String, Seq[scala.xml.Node]) =
      (
        s"Page '$name'",
        <p id="told">{asked.parameter("what").getOrElse("nothing")}</p> ++
          <a href={asked.link("/echo/second/?what=a&b")}>next</a>
      )
    override def json(asked: Asked): JValue =
      JObject("what" -> asked.parameter("what").fold[JValue](JNull)(JString(_)))
  }

  private val pages = Seq(new Echo(""), new Echo("second"))

  "A tab" should "be one of Spark's UI, with pages and what they say for programs" taggedAs SparkTag in
    withContext() { sc =>
      Tab.attach(sc, "echo", "Echo", pages)
      val (status, first) = get(sc, "/echo/?what=this")
      assert(status == 200 && first.contains("""<p id="told">this</p>"""))
      assert(!get(sc, "/echo/?what=%3Cb%3E")._2.contains("<b>"))
      assert(first.contains("""href="/echo/second/?what=a&amp;b""""))
      assert(first.contains("""<a class="nav-link" href="/echo/">Echo</a>"""))
      assert(get(sc, "/echo/second/")._2.contains("""<p id="told">nothing</p>"""))
      assert(get(sc, "/jobs/")._2.contains("""href="/echo/""""))
      val (_, json) = get(sc, "/echo/second/json?what=x")
      assert(JsonMethods.parse(json) == JObject("what" -> JString("x")))
    }

  it should "be behind the UI's filter" taggedAs SparkTag in withContext() { sc =>
    Tab.attach(sc, "echo", "Echo", pages)
    for (address <- Seq("/echo/", "/echo/json", "/echo/second/", "/echo/second/json")) {
      assert(get(sc, address)._1 == 200, address)
      val (status, content) = get(sc, address, word = "none")
      assert(status == 403 && !content.contains("told") && !content.contains("what"), address)
    }
  }

  it should "follow Spark's own access lists" taggedAs SparkTag in
    withContext("spark.acls.enable" -> "true", "spark.ui.filters" -> classOf[NamedUser].getName) {
      sc =>
        Tab.attach(sc, "echo", "Echo", pages)
        assert(get(sc, "/echo/json", word = System.getProperty("user.name"))._1 == 200)
        assert(get(sc, "/echo/json", word = "nobody")._1 == 403)
    }

  it should "cost nothing where there is no UI" taggedAs SparkTag in
    withContext("spark.ui.enabled" -> "false") { sc =>
      Tab.attach(sc, "echo", "Echo", pages)
      assert(sc.uiWebUrl.isEmpty)
    }
}

/** Takes the word for the user's name. */
final class NamedUser extends support.Servlets.Filter {
  import support.Servlets._
  override def init(config: FilterConfig): Unit = ()
  override def destroy(): Unit = ()
  override def doFilter(
      request: ServletRequest,
      response: ServletResponse,
      chain: FilterChain
  ): Unit = {
    val named = new HttpServletRequestWrapper(request.asInstanceOf[HttpServletRequest]) {
      override def getRemoteUser: String = getHeader("Word")
    }
    chain.doFilter(named, response)
  }
}
