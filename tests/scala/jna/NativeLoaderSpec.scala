package sparknet.jna

import java.nio.charset.StandardCharsets.ISO_8859_1
import java.nio.file.{Files, Path}

import scala.sys.process._

import org.scalatest.flatspec.AnyFlatSpec
import support._

class NativeLoaderSpec extends AnyFlatSpec {
  private def failure(chosen: String, home: String) =
    intercept[CaffeException](NativeLoader.load(chosen, home))

  "NativeLoader" should "say what was tried" taggedAs Unit in {
    val missing = failure("/nowhere/libccaffe.so", null)
    assert(missing.getCodeName == "IO")
    assert(
      missing.getMessage.contains(
        "system property sparknet.library: there is no file /nowhere/libccaffe.so"
      )
    )
    val file = Files.createTempFile("not-a-library", ".so")
    try assert(failure(file.toString, null).getMessage.contains(file.toString))
    finally Files.delete(file)
  }

  it should "refuse a library that is not ours" taggedAs Unit in {
    val other = "/lib/x86_64-linux-gnu/libc.so.6"
    assume(Files.exists(java.nio.file.Path.of(other)), s"there is no $other")
    assert(failure(other, null).getMessage.contains("has no ccaffe_version"))
  }

  /** The first line about libraries of which ours asks for another version of something. */
  private def complaint(asked: String, instead: String): String = Temporary.folder { folder =>
    val own = Path.of(sys.env("SPARKNET_HOME"), "target", "native", "lib")
    for (name <- own.toFile.list) Files.copy(own.resolve(name), folder.resolve(name))
    val library = folder.resolve("libccaffe.so")
    val text = new String(Files.readAllBytes(library), ISO_8859_1)
    assert(text.contains(asked + "\u0000"))
    Files.write(library, text.replace(asked + "\u0000", instead + "\u0000").getBytes(ISO_8859_1))
    failure(library.toString, null).getMessage.linesIterator.next()
  }

  it should "name the version of glibc that a library lacks" taggedAs Boundary in {
    val here = "getconf GNU_LIBC_VERSION".!!.trim // glibc 2.36
    assert(
      complaint("GLIBC_2.34", "GLIBC_9.34") == "the native library libccaffe.so was not loaded:" +
        s" libccaffe.so needs GLIBC_9.34, this machine has $here; tried:"
    )
  }

  it should "name the version of another library that is lacking" taggedAs Boundary in {
    val line = complaint("GLIBCXX_3.4.29", "GLIBCXX_9.4.29")
    val expected = "the native library libccaffe.so was not loaded:" +
      " libccaffe.so needs GLIBCXX_9.4.29, which \\S+/libstdc\\+\\+\\.so\\.6 does not have; tried:"
    assert(line.matches(expected), line)
  }

  it should "name a library that is missing" taggedAs Boundary in {
    assert(
      complaint("libsnappy.so.1", "libsnappy.so.9").contains(
        " not loaded: libsnappy.so.9 is missing on this machine;"
      )
    )
  }

  it should "load the library of SPARKNET_HOME" taggedAs Boundary in {
    assert(NativeLoader.load(null, sys.env("SPARKNET_HOME")).ccaffe_version() == Engine.version)
  }
}
