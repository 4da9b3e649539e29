package sparknet.jna

import java.nio.file.Files

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

  it should "load the library of SPARKNET_HOME" taggedAs Boundary in {
    assert(NativeLoader.load(null, sys.env("SPARKNET_HOME")).ccaffe_version() == Engine.version)
  }
}
