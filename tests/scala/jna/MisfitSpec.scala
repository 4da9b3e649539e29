package sparknet.jna

import org.scalatest.flatspec.AnyFlatSpec
import support._

class MisfitSpec extends AnyFlatSpec {
  private val mapped =
    "7f00-7f10 r--p 00000000 08:01 42 /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2\n"
  private val needs = "it is for Linux on x86-64 with glibc, and this is "

  "Misfit" should "find nothing wrong with a Linux on x86-64" taggedAs Unit in {
    assert(!Misfit.ofMachine("linux-x86-64", mapped).isPresent)
    assert(!Misfit.ofMachine().isPresent)
  }

  it should "name other machines" taggedAs Unit in {
    assert(Misfit.ofMachine("linux-aarch64", mapped).get == needs + "linux-aarch64")
    assert(Misfit.ofMachine("darwin-x86-64", "").get == needs + "darwin-x86-64")
    val musl = "7f00-7f10 r-xp 00000000 08:01 42 /lib/ld-musl-x86_64.so.1\n"
    assert(Misfit.ofMachine("linux-x86-64", mapped + musl).get == needs + "a Linux with musl")
  }

  it should "read what loaders say" taggedAs Unit in {
    val glibcxx = "Unable to load library '/tmp/a/libccaffe.so': /lib64/libstdc++.so.6: version " +
      "`GLIBCXX_3.4.29' not found (required by /tmp/a/libdnnl.so.3)"
    assert(
      Misfit.of(glibcxx).get ==
        "libdnnl.so.3 needs GLIBCXX_3.4.29, which /lib64/libstdc++.so.6 does not have"
    )
    val missing =
      "libstdc++.so.6: cannot open shared object file: No such file or directory"
    assert(Misfit.of(missing).get == "libstdc++.so.6 is missing on this machine")
    assert(!Misfit.of("SPARKNET_HOME: there is no file /x/libccaffe.so").isPresent)
  }
}
