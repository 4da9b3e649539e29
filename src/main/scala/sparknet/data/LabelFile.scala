package sparknet.data

import java.io.{BufferedReader, InputStreamReader}
import java.nio.charset.StandardCharsets.UTF_8

import scala.collection.mutable

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.Path

import sparknet.io.Storage
import sparknet.jna.{CaffeException, Status}

/** A file of lines `path label`: a path may have blanks, a label is a whole number. */
object LabelFile {

  /** The labels by the paths' last names. Throws, with the line's number, if a line is not like that
    * or gives a name a second label.
    */
  def read(conf: Configuration, uri: String): mutable.Map[String, Int] =
    Storage.reading(uri) {
      val path = new Path(uri)
      val in = path.getFileSystem(conf).open(path)
      try parse(uri, new BufferedReader(new InputStreamReader(in, UTF_8)))
      finally in.close()
    }

  private def parse(uri: String, lines: BufferedReader): mutable.Map[String, Int] = {
    val labels = mutable.HashMap.empty[String, Int]
    var number = 0
    def wrong(why: String) =
      throw new CaffeException(Status.PARSE, s"$uri: line $number $why")
    for (text <- Iterator.continually(lines.readLine()).takeWhile(_ != null)) {
      number += 1
      val line = text.stripPrefix("\ufeff").trim
      if (line.nonEmpty) {
        val gap = line.lastIndexWhere(_.isWhitespace)
        val label =
          try line.substring(gap + 1).toInt
          catch { case _: NumberFormatException => wrong(s"'${line.take(80)}' ends in no label") }
        val path = line.substring(0, math.max(gap, 0)).trim
        val name = path.substring(path.lastIndexOf('/') + 1)
        if (name.isEmpty) wrong(s"'${line.take(80)}' has no file's name before the label")
        labels.put(name, label).filter(_ != label).foreach { other =>
          wrong(s"gives $name the label $label; it had the label $other before")
        }
      }
    }
    if (labels.isEmpty) throw new CaffeException(Status.PARSE, s"$uri has no labels")
    labels
  }
}
