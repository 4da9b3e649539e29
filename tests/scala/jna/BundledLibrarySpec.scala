package sparknet.jna

import java.io.IOException
import java.nio.file.{Files, Path}
import java.nio.file.attribute.PosixFilePermissions

import scala.collection.JavaConverters._

import org.scalatest.flatspec.AnyFlatSpec
import support._

/** Unpacks tests/resources/bundled: two small files, and a list that does not match its file. */
class BundledLibrarySpec extends AnyFlatSpec {
  private def extract(folder: Path): Path =
    BundledLibrary.extract("/bundled/good/", "first.so", folder).get

  "BundledLibrary" should "unpack all files, for their user alone" taggedAs Unit in Temporary
    .folder { folder =>
      val file = extract(folder)
      assert(Files.readString(file) == "first\n")
      assert(Files.readString(file.resolveSibling("second.so")) == "second\n")
      val own = file.getParent.getParent
      assert(own.getFileName.toString == "sparknet-" + System.getProperty("user.name"))
      assert(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)) == "rwx------")
      assert(file.getParent.toFile.list.toSet == Set("FILES", "first.so", "second.so"))
    }

  it should "reuse complete files and replace others" taggedAs Unit in Temporary.folder { folder =>
    val file = extract(folder)
    val before = Files.readAttributes(file, "unix:ino")
    assert(extract(folder) == file)
    assert(Files.readAttributes(file, "unix:ino") == before)
    Files.writeString(file, "fir")
    assert(Files.readString(extract(folder)) == "first\n")
  }

  it should "not use a folder that others may write" taggedAs Unit in Temporary.folder { folder =>
    val name = "sparknet-" + System.getProperty("user.name")
    val open = PosixFilePermissions.fromString("rwxrwxrwx")
    Files.setPosixFilePermissions(Files.createDirectory(folder.resolve(name)), open)
    val file = extract(folder)
    assert(file.getParent.getParent.getFileName.toString != name)
    assert(extract(folder) == file)
  }

  it should "refuse a damaged jar" taggedAs Unit in Temporary.folder { folder =>
    val damaged = intercept[IOException] {
      BundledLibrary.extract("/bundled/damaged/", "first.so", folder)
    }
    assert(damaged.getMessage.contains("damaged/first.so is damaged"))
    val left = Files.walk(folder)
    try assert(!left.iterator.asScala.exists(_.toString.endsWith(".part")))
    finally left.close()
  }

  it should "find nothing where the jar has nothing" taggedAs Unit in Temporary.folder { folder =>
    assert(!BundledLibrary.extract("/bundled/none/", "first.so", folder).isPresent)
  }
}
