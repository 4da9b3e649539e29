package sparknet.io

import java.nio.file.Files

import scala.collection.JavaConverters._

import org.scalatest.flatspec.AnyFlatSpec
import support._

class TrainingLogSpec extends AnyFlatSpec {

  "TrainingLog" should "write lines with seconds and rounds at once" taggedAs Unit in
    Temporary.folder { folder =>
      val log = new TrainingLog(folder.toFile)
      log("loading train data")
      log("12.34% accuracy", 10)
      val lines = Files.readAllLines(log.file.toPath).asScala // before it is closed
      log.close()
      assert(log.file.getName.matches("training_log_\\d{13}\\.txt"))
      assert(lines.length == 2)
      assert(lines(0).matches("\\d+\\.\\d+(E-\\d)?: loading train data"))
      assert(lines(1).matches("\\d+\\.\\d+(E-\\d)?, i = 10: 12.34% accuracy"))
    }
}
