import sbt._
import sbt.Keys._
import sbt.util.CacheStoreFactory
import sbtassembly.AssemblyPlugin.autoImport._

/** What the assembly jar holds besides classes: natives, the Python package and the prototxts. */
object JarContent {
  val stage = taskKey[File]("Folder with the assembly jar's other content")

  def settings: Seq[Setting[_]] = Seq(
    Compile / resourceGenerators += Def.task {
      val file = (Compile / resourceManaged).value / "sparknet" / "version.properties"
      val template = IO.read(SparkLine.root.value / "build" / "version.properties")
      IO.write(file, SparkLine.pom.value.filled(template))
      // The one table that Python and Scala share: the jar has it beside the Python modules.
      val types = file.getParentFile / "layer_types.tsv"
      IO.copyFile(SparkLine.root.value / "python" / "sparknet" / "layer_types.tsv", types)
      val s3 = file.getParentFile / "s3_packages.tsv"
      IO.write(s3, S3Jar.table(SparkLine.pom.value))
      Seq(file, types, s3)
    },
    stage := {
      (LocalProject("sparknet") / ProtobufSources.generate).value
      val folder = target.value / "jar-content"
      val cache = streams.value.cacheStoreFactory
      Sync.sync(cache.make("jar-content"))(
        mappings(SparkLine.root.value).map { case (file, path) => file -> folder / path }
      )
      folder
    },
    assembly / fullClasspath := (Runtime / fullClasspath).value :+ Attributed.blank(stage.value),
    assembly / assemblyMergeStrategy := {
      case PathList("META-INF", names @ _*) if names.lastOption.exists(_.endsWith(".proto")) =>
        MergeStrategy.first
      case PathList("META-INF", "services", _*)       => MergeStrategy.filterDistinctLines
      case PathList("META-INF", "sparknet", _*)       => MergeStrategy.singleOrError
      case PathList("META-INF", "sbom", _*)           => MergeStrategy.singleOrError
      case PathList("META-INF", _*)                   => MergeStrategy.discard
      case path if path.endsWith("module-info.class") => MergeStrategy.discard
      // Of single jars: Origin's folder has them all.
      case "LICENSE" | "NOTICE" => MergeStrategy.discard
      case _                    => MergeStrategy.singleOrError
    }
  ) ++ Origin.settings :+ (Origin.content += stage.value)

  private def mappings(root: File): Seq[(File, String)] = {
    val natives = root / "target" / "native" / "lib"
    if (!(natives / "FILES").exists)
      throw new MessageOnlyException(
        "the native library is not built: run build/setup, or " +
          "cd build && cmake ../libccaffe && make -j2"
      )
    files(natives, "*", "native/linux-x86-64") ++
      files(root / "python" / "sparknet", "*.py" | "py.typed", "sparknet") ++
      files(root / "caffe" / "examples", "*.prototxt", "sparknet-home/caffe/examples") ++
      files(root / "caffe" / "models", "*.prototxt", "sparknet-home/caffe/models") :+
      (root / "LICENSE" -> "META-INF/sparknet/LICENSE")
  }

  private def files(folder: File, names: FileFilter, below: String): Seq[(File, String)] =
    (folder ** (names -- DirectoryFilter)).get
      .pair(Path.rebase(folder, below))
      .map { case (file, path) => file -> path.replace('\\', '/') }
}
