package sparknet.io

import java.io.IOException
import java.nio.file.StandardCopyOption.REPLACE_EXISTING
import java.nio.file.{Files, Path, Paths}

import sparknet.jna.{CaffeException, Status}

/** SparkNet's own files: under `$SPARKNET_HOME` if that is set, else the copies in the jar. */
object HomeFiles {
  private val inJar = "sparknet-home/"

  /** The home folder, if `SPARKNET_HOME` names one. */
  def home: Option[Path] = sys.env.get("SPARKNET_HOME").filter(_.nonEmpty).map(Paths.get(_))

  /** A readable file for a path below the home, for example `caffe/examples/.../net.prototxt`. */
  def file(path: String): String =
    home
      .map(_.resolve(path))
      .filter(Files.isRegularFile(_))
      .getOrElse(extracted(path))
      .toString

  private def extracted(path: String): Path = {
    val resource = Option(getClass.getClassLoader.getResourceAsStream(inJar + path)).getOrElse(
      throw new CaffeException(
        Status.IO,
        s"there is no $path: not under SPARKNET_HOME (${home.getOrElse("not set")}), nor in the jar"
      )
    )
    try {
      val copy = Files.createTempFile("sparknet-", "-" + Paths.get(path).getFileName)
      copy.toFile.deleteOnExit()
      Files.copy(resource, copy, REPLACE_EXISTING)
      copy
    } catch {
      case e: IOException =>
        throw new CaffeException(Status.IO, s"cannot take $path out of the jar: ${e.getMessage}", e)
    } finally resource.close()
  }
}
