import sbt._
import sbt.Keys._

import scala.sys.process.Process

/** caffe.Caffe and sparknet.proto.caffe_pb2, generated from caffe.proto by protoc from Maven. */
object ProtobufSources {
  private val Protoc = config("protoc").hide

  val generate = taskKey[Seq[File]]("Java and Python sources made from caffe.proto")

  def settings: Seq[Setting[_]] = Seq(
    ivyConfigurations += Protoc,
    libraryDependencies += {
      val pom = SparkLine.pom.value
      val binary = Artifact("protoc", "exe", "exe", pom.property("native.platform"))
      ("com.google.protobuf" % "protoc" % pom.property("protobuf.version") % Protoc)
        .artifacts(binary)
    },
    generate := {
      val root = SparkLine.root.value
      val schema = root / "caffe" / "src" / "caffe" / "proto" / "caffe.proto"
      val java = (Compile / sourceManaged).value / "protobuf"
      val python = root / "python" / "sparknet" / "proto"
      val protoc = executable(update.value)
      val inputs = Set(schema, root / "build" / "pom.xml")
      val cached = FileFunction.cached(
        streams.value.cacheDirectory / "protobuf",
        FilesInfo.hash,
        FilesInfo.exists
      )(_ => run(protoc, schema, java, python))
      cached(inputs).toSeq
    },
    // Once for all lines: they share the Python module.
    Compile / sourceGenerators +=
      (LocalProject("sparknet") / generate).map(_.filter(_.ext == "java"))
  )

  private def executable(report: UpdateReport): File = {
    val found = report.select(configurationFilter(Protoc.name))
    val binary =
      found.headOption.getOrElse(throw new MessageOnlyException("protoc was not resolved"))
    binary.setExecutable(true)
    binary
  }

  private def run(protoc: File, schema: File, java: File, python: File): Set[File] = {
    Seq(java, python).foreach(IO.createDirectory)
    val command = Seq(
      protoc.getPath,
      s"--proto_path=${schema.getParent}",
      s"--java_out=$java",
      s"--python_out=$python",
      s"--pyi_out=$python",
      schema.getPath
    )
    if (Process(command).! != 0)
      throw new MessageOnlyException(s"protoc failed: ${command.mkString(" ")}")
    Set(java / "caffe" / "Caffe.java", python / "caffe_pb2.py", python / "caffe_pb2.pyi")
  }
}
