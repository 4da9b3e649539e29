package org.apache.spark.sparknet.ui

import scala.xml.Node

import org.apache.spark.SparkContext
import org.apache.spark.ui.{SparkUI, SparkUITab, UIUtils, WebUIPage}
import org.json4s.JValue

/** A page of a tab in Spark's UI.
  *
  * @param name
  *   the last part of its address; empty: the tab's first page
  */
abstract class TabPage(val name: String) {

  /** Its title and what it shows, as XML, which is escaped by itself. */
  def show(asked: Asked): (String, Seq[Node])

  /** The same at `<address>/json`. */
  def json(asked: Asked): JValue
}

/** How somebody asks for a page.
  *
  * @param parameter
  *   of the address by its name
  * @param link
  *   makes an address out of one below the UI's root
  */
final class Asked(val parameter: String => Option[String], val link: String => String)

/** Tabs of ours in Spark's UI: served by its server on its port, behind its filters and access lists. */
object Tab {

  /** Adds one, if the application has a UI.
    *
    * @param prefix
    *   the first part of its pages' addresses
    */
  def attach(sc: SparkContext, prefix: String, title: String, pages: Seq[TabPage]): Unit =
    sc.ui.foreach(ui => ui.attachTab(new Attached(ui, prefix, title, pages)))

  private final class Attached(ui: SparkUI, prefix: String, title: String, pages: Seq[TabPage])
      extends SparkUITab(ui, prefix) {
    override val name: String = title
    pages.foreach(page => attachPage(new Served(this, page)))
  }

  private final class Served(tab: Attached, page: TabPage) extends WebUIPage(page.name) {
    override def render(request: Servlets.Request): Seq[Node] = {
      val (title, content) = page.show(asked(request))
      UIUtils.headerSparkPage(request, title, content, tab)
    }

    override def renderJson(request: Servlets.Request): JValue = page.json(asked(request))

    private def asked(request: Servlets.Request) = new Asked(
      name => Option(request.getParameter(name)),
      address => UIUtils.prependBaseUri(request, tab.basePath, address)
    )
  }
}
