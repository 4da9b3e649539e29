package sparknet.jna

import java.io.{BufferedReader, InputStreamReader}
import java.nio.file.attribute.PosixFilePermissions
import java.nio.file.{Files, Path}

import org.scalatest.flatspec.AnyFlatSpec
import support._

class PrivateFolderSpec extends AnyFlatSpec {

  /** A JVM that has unpacked into a folder of its own, and waits. */
  private final class Other(temporary: Path) extends AutoCloseable {
    private val java = Path.of(System.getProperty("java.home"), "bin", "java").toString
    private val classPath = System.getProperty("java.class.path")
    val process: Process =
      new ProcessBuilder(java, "-cp", classPath, "sparknet.jna.UnpackFirst", temporary.toString)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start()
    val file: Path =
      Path.of(new BufferedReader(new InputStreamReader(process.getInputStream)).readLine())

    def folder: Path = file.getParent.getParent

    def close(): Unit = {
      process.destroyForcibly()
      process.waitFor()
      ()
    }
  }

  /** A folder where the name that all JVMs share is taken by someone else. */
  private def taken[A](test: Path => A): A = Temporary.folder { folder =>
    val open = PosixFilePermissions.fromString("rwxrwxrwx")
    val shared =
      Files.createDirectory(folder.resolve("sparknet-" + System.getProperty("user.name")))
    Files.setPosixFilePermissions(shared, open)
    test(folder)
  }

  "A folder of a JVM's own" should "be gone when the JVM has ended or been stopped" taggedAs
    Boundary in taken { temporary =>
      val ends = Seq[Process => Unit](_.getOutputStream.close(), _.destroy())
      for (end <- ends) Closing.using(new Other(temporary)) { other =>
        assert(Files.readString(other.file) == "first\n")
        end(other.process)
        other.process.waitFor()
        assert(!Files.exists(other.folder))
      }
    }

  it should "be removed by a later JVM if its own was killed, and no other" taggedAs Boundary in
    taken { temporary =>
      Closing.using(new Other(temporary)) { lives =>
        val killed = new Other(temporary)
        killed.close()
        assert(Files.exists(killed.file))
        // As a JVM's folder is before it is locked, and someone else's.
        val young = Files.createDirectory(temporary.resolve("sparknet-jvm-1-2-3"))
        val open = Files.createDirectory(temporary.resolve("sparknet-jvm-1-2-4"))
        Files.writeString(open.resolve("LOCK"), "")
        val link = Files.createSymbolicLink(temporary.resolve("sparknet-jvm-1-2-5"), lives.folder)
        Files.setPosixFilePermissions(young, PosixFilePermissions.fromString("rwx------"))
        Closing.using(new Other(temporary)) { later =>
          assert(!Files.exists(killed.folder))
          for (kept <- Seq(lives.file, later.file, young, open.resolve("LOCK"), link))
            assert(Files.exists(kept), kept)
        }
      }
    }

  it should "not lose its lock to another copy of the class" taggedAs Boundary in taken {
    temporary =>
      val mine = PrivateFolder.in(temporary)
      val urls = System
        .getProperty("java.class.path")
        .split(java.io.File.pathSeparator)
        .map(new java.io.File(_).toURI.toURL)
      Closing.using(new java.net.URLClassLoader(urls, ClassLoader.getPlatformClassLoader)) {
        loader =>
          val in = loader
            .loadClass("sparknet.jna.PrivateFolder")
            .getDeclaredMethod("in", classOf[Path])
          in.setAccessible(true)
          assert(in.invoke(null, temporary) != mine)
      }
      Closing.using(new Other(temporary))(_ => assert(Files.exists(mine)))
  }
}

/** Prints where the library is unpacked, and ends when nobody listens to it any more. */
object UnpackFirst {
  def main(arguments: Array[String]): Unit = {
    println(BundledLibrary.extract("/bundled/good/", "first.so", Path.of(arguments(0))).get)
    System.in.read()
    ()
  }
}
