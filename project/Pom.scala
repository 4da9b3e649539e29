import sbt._

import scala.xml.{Elem, Node, XML}

/** What sbt needs of build/pom.xml, the one place of versions and JVM dependencies, for one line of Spark:
  * `profile` is the POM's profile of it.
  */
final class Pom(file: File, profile: String) {
  private val root: Elem = XML.loadFile(file)

  private val properties: Map[String, String] = {
    val line = Pom.profiles(root).find(node => (node \ "id").text.trim == profile)
    val own = line.getOrElse(throw new MessageOnlyException(s"$file has no profile '$profile'"))
    (root \ "properties" \ "_" ++ own \ "properties" \ "_")
      .map(node => node.label -> node.text.trim)
      .toMap
  }

  private val placeholder = """\$\{([^}]+)\}""".r

  private def text(node: Node, name: String): String = filled((node \ name).text.trim)

  /** A text with the properties that it names as Maven's resources do, such as `${spark.version}`. */
  def filled(text: String): String =
    placeholder.replaceAllIn(text, found => property(found.group(1)))

  def property(name: String): String =
    if (name == "project.version") version
    else
      properties.getOrElse(name, throw new MessageOnlyException(s"$file has no property <$name>"))

  /** What follows `prefix` in the names of properties. */
  def named(prefix: String): Seq[String] =
    properties.keys.filter(_.startsWith(prefix)).map(_.drop(prefix.length)).toSeq.sorted

  def version: String = text(root, "version")
  def organization: String = text(root, "groupId")
  def name: String = text(root, "artifactId")

  /** The dependencies in their scopes. Their coordinates are complete: no Scala suffix is added. */
  def dependencies: Seq[ModuleID] = (root \ "dependencies" \ "dependency").map { node =>
    val module = text(node, "groupId") % text(node, "artifactId") % text(node, "version")
    val excluded = (node \ "exclusions" \ "exclusion").map { exclusion =>
      ExclusionRule(text(exclusion, "groupId"), text(exclusion, "artifactId"))
    }
    val slim = module.excludeAll(excluded: _*)
    text(node, "scope") match {
      case ""    => slim
      case scope => slim % scope
    }
  }
}

object Pom {
  private def profiles(root: Elem): Seq[Node] = root \ "profiles" \ "profile"
}
