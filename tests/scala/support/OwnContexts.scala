package support

import java.net.{HttpURLConnection, URL}

import scala.io.Source

import org.apache.spark.{SparkConf, SparkContext}
import org.scalatest.TestSuite

import Closing.using

/** Suites that make Spark contexts of their own, one after the other, with Spark's UI: they have a JVM
  * apart (project/TestGroups.scala).
  */
trait OwnContexts extends TestSuite {

  /** A context with a UI that lets nobody see it who does not know the word. */
  protected def withContext[A](settings: (String, String)*)(body: SparkContext => A): A = {
    val conf = new SparkConf()
      .setMaster("local[2]")
      .setAppName("tests")
      .set("spark.ui.port", "0")
      .set("spark.ui.filters", classOf[WordFilter].getName)
    settings.foreach { case (key, value) => conf.set(key, value) }
    val sc = new SparkContext(conf)
    try body(sc)
    finally sc.stop()
  }

  /** Status and content of what the UI has at an address.
    *
    * @param word
    *   that the filter asks for
    */
  protected def get(
      sc: SparkContext,
      address: String,
      word: String = WordFilter.word
  ): (Int, String) = {
    val url = new URL(sc.uiWebUrl.get.replaceFirst("//[^:/]+", "//localhost") + address)
    val connection = url.openConnection().asInstanceOf[HttpURLConnection]
    connection.setRequestProperty("Word", word)
    val status = connection.getResponseCode
    val stream = Option(if (status < 400) connection.getInputStream else connection.getErrorStream)
    val content = stream.fold("")(s => using(Source.fromInputStream(s, "UTF-8"))(_.mkString))
    (status, content)
  }
}

/** As somebody has who wants to know who looks at Spark's UI. */
final class WordFilter extends Servlets.Filter {
  import Servlets._

  override def init(config: FilterConfig): Unit = ()
  override def destroy(): Unit = ()
  override def doFilter(
      request: ServletRequest,
      response: ServletResponse,
      chain: FilterChain
  ): Unit = (request, response) match {
    case (asked: HttpServletRequest, answer: HttpServletResponse) =>
      if (asked.getHeader("Word") == WordFilter.word) chain.doFilter(request, response)
      else answer.sendError(HttpURLConnection.HTTP_FORBIDDEN, "the word is another one")
  }
}

object WordFilter {
  val word = "open"
}
