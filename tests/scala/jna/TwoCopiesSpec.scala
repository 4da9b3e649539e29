package sparknet.jna

import java.nio.file.{Files, Path}

import org.scalatest.flatspec.AnyFlatSpec
import support._

class TwoCopiesSpec extends AnyFlatSpec {
  "A copy of the library that an app loads itself" should "not be in the way" taggedAs Boundary in
    Temporary.folder { folder =>
      // A library of another path; what it needs is found beside its folder.
      val home = Path.of(sys.env("SPARKNET_HOME")).toAbsolutePath
      val copy = Files.createDirectory(folder.resolve("build")).resolve("libccaffe.so")
      Files.copy(home.resolve("build/libccaffe.so"), copy)
      Files.createSymbolicLink(folder.resolve("target"), home.resolve("target"))

      val java = Path.of(System.getProperty("java.home"), "bin", "java").toString
      val classPath = System.getProperty("java.class.path")
      for (first <- Seq(copy, home.resolve("build/libccaffe.so"))) {
        val process =
          new ProcessBuilder(java, "-cp", classPath, "sparknet.jna.LoadFirst", first.toString)
            .redirectErrorStream(true)
            .start()
        val output = new String(process.getInputStream.readAllBytes())
        assert(process.waitFor() == 0, output)
        assert(output.linesIterator.toSeq.last == "weights 8")
      }
    }
}

/** An app that loads the library by its path before it uses SparkNet. */
object LoadFirst {
  def main(arguments: Array[String]): Unit = {
    System.load(arguments(0))
    val solver = NativeSolver.fromText(LinearSoftmax.solver())
    solver.net.setFeed(LinearSoftmax.feed)
    solver.step(2)
    println(s"weights ${solver.net.weightsCount}")
  }
}
