package support

import java.nio.file.{Files, Path}

import scala.collection.JavaConverters._

/** Folders that vanish after a test. */
object Temporary {
  def folder[A](test: Path => A): A = {
    val folder = Files.createTempDirectory("sparknet-test")
    try test(folder)
    finally {
      val all = Files.walk(folder)
      try all.iterator.asScala.toSeq.reverse.foreach(Files.delete)
      finally all.close()
    }
  }
}
