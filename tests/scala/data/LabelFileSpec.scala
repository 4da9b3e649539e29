package sparknet.data

import java.nio.file.Files

import org.apache.hadoop.conf.Configuration
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class LabelFileSpec extends AnyFlatSpec {
  private def labels(text: String): Map[String, Int] = Temporary.folder { dir =>
    val file = Files.write(dir.resolve("train.txt"), text.getBytes("UTF-8"))
    ImageTars.labels(new Configuration, file.toString)
  }

  private def refused(text: String): String =
    intercept[CaffeException](labels(text)).getMessage.replaceAll(".*/train.txt", "train.txt")

  "A label file" should "have names with labels" taggedAs Unit in {
    val expected = Map("n01440764_10026.JPEG" -> 0, "b c.JPEG" -> 999)
    for (
      text <- Seq(
        "n01440764_10026.JPEG 0\nb c.JPEG 999\n",
        "n01440764/n01440764_10026.JPEG 0\nx/y/b c.JPEG 999",
        "\ufeffa/n01440764_10026.JPEG \t 0\r\n\r\n  b c.JPEG\t999 \r\n"
      )
    ) assert(labels(text) == expected, text)
    assert(labels("a/x.JPEG 3\nb/x.JPEG 3") == Map("x.JPEG" -> 3))
  }

  it should "name the line that is wrong" taggedAs Unit in {
    assert(refused("a 1\n\nb.JPEG\n") == "train.txt: line 3 'b.JPEG' ends in no label")
    assert(refused("a 1\nb 1.5") == "train.txt: line 2 'b 1.5' ends in no label")
    assert(refused("7") == "train.txt: line 1 '7' has no file's name before the label")
    assert(
      refused("a/x 1\nb/x 2") == "train.txt: line 2 gives x the label 2; it had the label 1 before"
    )
    assert(refused("\n") == "train.txt has no labels")
  }

  it should "be there" taggedAs Unit in {
    val failure = intercept[CaffeException](ImageTars.labels(new Configuration, "/no/train.txt"))
    assert(failure.getMessage.startsWith("/no/train.txt: there is no such file or folder"))
    assert(failure.getCodeName == "IO")
  }
}
