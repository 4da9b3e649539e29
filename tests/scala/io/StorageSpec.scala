package sparknet.io

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.Path
import org.apache.hadoop.util.VersionInfo
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class StorageSpec extends AnyFlatSpec {
  "A place on S3" should "tell what Spark lacks, and how to add it" taggedAs Unit in {
    val place = "s3a://bucket/folder"
    val configuration = new Configuration
    configuration.setBoolean("fs.s3a.impl.disable.cache", true) // other suites have had one
    val thrown = intercept[CaffeException] {
      Storage.reading(place)(new Path(place).getFileSystem(configuration))
    }
    assert(thrown.getMessage.startsWith(s"$place: this Spark has no client for S3: add it by "))
    assert(thrown.getMessage.contains("sparknet.session(s3=True)"))
    assert(thrown.getMessage.endsWith(s"org.apache.hadoop:hadoop-aws:${VersionInfo.getVersion}"))
  }
}
