import java.nio.charset.StandardCharsets.UTF_8

import sbt._
import sbt.Keys._
import sbtassembly.AssemblyPlugin.autoImport._

import scala.sys.process.{Process, ProcessLogger}

/** Licences of what the assembly jar bundles, and its SBOM: build/origin writes them, from the modules
  * that sbt has resolved and from what the linker took.
  */
object Origin {
  val content = taskKey[Seq[File]]("Folders of the jar's content that is SparkNet's")
  val folder = taskKey[File]("Folder with META-INF/sbom and META-INF/sparknet/licenses")

  def settings: Seq[Setting[_]] = Seq(
    content := (Runtime / products).value,
    folder := {
      val root = (ThisBuild / baseDirectory).value
      val made = target.value / "origin"
      val lines = (assembly / externalDependencyClasspath).value.map(module) ++
        content.value.map(own => s"own\t$own")
      write(root, name.value, version.value, made, lines)
      made
    },
    assembly / fullClasspath += Attributed.blank(folder.value),
    assembly / packageOptions += Package.ManifestAttributes(
      "Sbom-Format" -> "CycloneDX",
      "Sbom-Location" -> s"META-INF/sbom/${name.value}.cdx.json"
    )
  )

  private def module(jar: Attributed[File]): String = {
    val id = jar
      .get(moduleID.key)
      .getOrElse(
        throw new MessageOnlyException(
          s"${jar.data} is of no module, so that its licence is not known"
        )
      )
    Seq("module", id.organization, id.name, id.revision, jar.data.getPath).mkString("\t")
  }

  private def write(
      root: File,
      name: String,
      version: String,
      made: File,
      lines: Seq[String]
  ): Unit = {
    // build/sbt says which Python it is.
    val python = sys.props.get("sparknet.python").filter(_.nonEmpty).getOrElse("python3")
    val command = Seq(python, "-B", "-m", "origin", name, version, made.getPath)
    val said = new StringBuilder
    val input = new java.io.ByteArrayInputStream(lines.mkString("\n").getBytes(UTF_8))
    val status = (Process(command, root / "build") #< input) ! ProcessLogger(said ++= _ += '\n')
    if (status != 0) throw new MessageOnlyException(said.toString.trim)
  }
}
