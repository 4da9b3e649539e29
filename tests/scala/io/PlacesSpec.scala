package sparknet.io

import java.io.File
import java.nio.file.{Files, Path}

import org.apache.hadoop.conf.Configuration
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.{CaffeException, Status}

class PlacesSpec extends AnyFlatSpec {
  private val places = {
    val conf = new Configuration
    val schemes = Seq(
      "named" -> classOf[OtherFileSystem],
      "small" -> classOf[SmallFileSystem],
      "half" -> classOf[HalfFileSystem],
      "s3a" -> classOf[QuotaStore]
    )
    for ((scheme, kind) <- schemes) conf.set(s"fs.$scheme.impl", kind.getName)
    new Places(conf)
  }

  /** Writes a pair of `sizes` bytes as the engine does, and returns its places. */
  private def pair(place: String, sizes: (Int, Int) = (3, 2)): Seq[String] =
    places
      .writing(place) { path =>
        for ((kind, size) <- Seq("model" -> sizes._1, "state" -> sizes._2))
          Files.write(Path.of(s"${path}_$kind"), Array.fill(size)(size.toByte))
        Array(s"${path}_model", s"${path}_state")
      }
      .toSeq

  private def names(folder: Path): Set[String] = folder.toFile.list.toSet

  private def temporary: Set[String] =
    new File(System.getProperty("java.io.tmpdir")).list.filter(_.startsWith("sparknet-")).toSet

  private def failure(body: => Any): CaffeException = intercept[CaffeException](body)

  "Places" should "tell URIs from paths" taggedAs Unit in {
    for (uri <- Seq("s3a://b/x", "hdfs://h:9/x", "file:/x", "file:///x", "HDFS:/x", "a+b.c-1:/x"))
      assert(Places.isUri(uri) && Places.absolute(uri, "/here") == uri)
    for (
      (path, absolute) <- Seq(
        "net" -> "/here/net",
        "../a/./net" -> "/a/net",
        "/there/net" -> "/there/net",
        "run 12:30/net" -> "/here/run 12:30/net",
        "run:1" -> "/here/run:1",
        "./run:/net" -> "/here/run:/net",
        "/a:/b" -> "/a:/b",
        "1:/b" -> "/here/1:/b",
        "folder/" -> "/here/folder/"
      )
    ) assert(!Places.isUri(path) && Places.absolute(path, "/here") == absolute)
  }

  they should "leave paths of this machine to the engine" taggedAs Unit in {
    for (
      (place, path) <- Seq(
        "/a/net" -> "/a/net",
        "a:b/net" -> "a:b/net",
        "file:/a/b%20c" -> "/a/b%20c",
        "file:///a/net" -> "/a/net",
        "file://localhost/a/" -> "/a/"
      )
    ) {
      assert(places.writing(place)(given => Array(given)).toSeq == Seq(path))
      assert(places.reading(place)(given => given) == path)
    }
  }

  for ((scheme, host) <- Seq("named" -> "", "s3a" -> "//bucket"))
    they should s"copy what is written and read at $scheme:" taggedAs Unit in Temporary.folder {
      folder =>
        val before = temporary
        val place = s"$scheme:$host$folder/deep/run 1:2"
        val written = pair(place)
        assert(written == Seq(s"${place}_model", s"${place}_state"))
        assert(names(folder.resolve("deep")) == Set("run 1:2_model", "run 1:2_state"))
        assert(pair(place, (5, 4)) == written) // in the place of the first
        assert(names(folder.resolve("deep")).size == 2)
        assert(
          pair(s"$scheme:$host$folder/") == Seq("model", "state")
            .map(k => s"$scheme:$host$folder/_$k")
        )

        val found = places.reading(written.last, _ => Seq("run 1:2_model")) { path =>
          val model = new File(path).toPath.resolveSibling("run 1:2_model")
          (Files.readAllBytes(Path.of(path)).toSeq, Files.readAllBytes(model).toSeq)
        }
        assert(found == ((Seq.fill(4)(4: Byte), Seq.fill(5)(5: Byte))))
        assert(temporary == before)
    }

  for ((scheme, host) <- Seq("small" -> "", "s3a" -> "//bucket"))
    they should s"leave nothing of a pair that does not fit at $scheme:" taggedAs Unit in
      Temporary.folder { folder =>
        val place = s"$scheme:$host$folder/net"
        val tooMuch = 1500000
        for (sizes <- Seq((tooMuch, 2), (3, tooMuch))) {
          val failed = failure(pair(place, sizes))
          assert(failed.getCodeName == "IO")
          assert(failed.getMessage == s"$place cannot be written: No space left on device")
          assert(names(folder).isEmpty)
          pair(place) // One that was there before stays.
          failure(pair(place, sizes))
          assert(names(folder) == Set("net_model", "net_state"))
          assert(Files.size(folder.resolve("net_model")) == 3)
          names(folder).foreach(name => Files.delete(folder.resolve(name)))
        }
      }

  they should "leave nothing of a pair of which only half appears" taggedAs Unit in
    Temporary.folder { folder =>
      val place = s"half:$folder/net"
      // A state of before would go with the wrong model.
      Files.write(folder.resolve("net_state"), Array[Byte](1))
      assert(failure(pair(place)).getMessage.contains("/.net_state.part cannot be renamed"))
      assert(names(folder).isEmpty)
    }

  they should "name the place in what fails" taggedAs Unit in Temporary.folder { folder =>
    def io(why: String) = new CaffeException(Status.IO, why)
    val before = temporary
    val full = failure(places.writing(s"named:$folder/net")(path => throw io(s"$path: no room")))
    assert(full.getMessage.matches(s"named:$folder/net: /.*/sparknet-[0-9]+/net: no room"))

    val lost = s"named:$folder/none"
    assert(failure(places.reading(lost)(path => path)).getMessage.startsWith(s"$lost: there is no"))
    val (_, state) = (pair(s"named:$folder/net"), s"named:$folder/net_state")
    val alone = failure(places.reading(state, _ => Seq("gone_model"))(path => path))
    assert(alone.getMessage.startsWith(s"named:$folder/gone_model: there is no such file"))
    val bad = failure(places.reading(state)(path => throw io(s"'$path' is truncated")))
    assert(bad.getMessage == s"'$state' is truncated" && bad.getCodeName == "IO")
    assert(failure(places.reading("nosuch://x/y")(path => path)).getCodeName == "IO")
    assert(temporary == before)
  }

  they should "find out whether a prefix can be written to" taggedAs Unit in Temporary.folder {
    folder =>
      val file = Files.write(folder.resolve("file"), Array[Byte](1))
      for (prefix <- Seq(s"$folder/net", s"$folder/", s"file:$folder/net", s"named:$folder/net"))
        places.probe(prefix)
      places.probe(s"s3a://bucket$folder/net")
      assert(names(folder) == Set("file"))
      for (
        (prefix, why) <- Seq(
          s"$folder/none/net" -> s"there is no folder $folder/none",
          s"$folder/none/" -> s"there is no folder $folder/none",
          s"$file/net" -> s"there is no folder $file",
          s"named:$file/net" -> "",
          "/proc/net" -> "",
          "nosuch://x/net" -> ""
        )
      ) {
        val refused = failure(places.probe(prefix))
        assert(refused.getCodeName == "IO")
        assert(refused.getMessage.startsWith(s"snapshots cannot be written to '$prefix': $why"))
      }
  }
}
