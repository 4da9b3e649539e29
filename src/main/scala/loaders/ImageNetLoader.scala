package loaders

import java.net.URI

import scala.collection.mutable

import org.apache.hadoop.conf.Configuration
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.rdd.RDD
import org.apache.spark.{SparkContext, SparkEnv, TaskContext}

import sparknet.data.{BadRecordLog, ImageTars, LabelFile}
import sparknet.io.Places

/** Loads images from tar files, with labels from a file of lines `path label`.
  *
  * @param bucket
  *   name of an S3 bucket, a URI of a Hadoop file system (`s3a://bucket/folder`, `hdfs://host/folder`,
  *   `file:/folder`), or an absolute path that all machines have. Paths below are relative to it,
  *   unless they are URIs of their own.
  */
class ImageNetLoader(bucket: String) extends java.io.Serializable {

  /** The files whose paths start with `path`: one partition for each, or `numParts`. */
  def getFilePathsRDD(sc: SparkContext, path: String, numParts: Option[Int] = None): RDD[URI] =
    ImageTars.dealt(sc, ImageTars.list(sc.hadoopConfiguration, locate(path)), numParts)

  /** The labels by file names without folders. */
  def getLabels(labelsPath: String): mutable.Map[String, Int] =
    LabelFile.read(configuration, locate(labelsPath))

  /** The encoded images in the tars and their labels. Those that cannot be used are left out and
    * reported in the driver's log; see [[sparknet.data.BadRecordLog]].
    */
  def loadImagesFromTar(
      filePathsRDD: RDD[URI],
      broadcastMap: Broadcast[mutable.Map[String, Int]]
  ): RDD[(Array[Byte], Int)] = {
    val records = ImageTars.records(filePathsRDD, name => broadcastMap.value.get(name))
    BadRecordLog
      .without(records, "ImageNetLoader")
      .map(image => (image.bytes, image.label))
      .setName("ImageNetLoader: images")
  }

  /** The images and labels of all tars whose paths start with `dataPath`. */
  def apply(
      sc: SparkContext,
      dataPath: String,
      labelsPath: String,
      numParts: Option[Int] = None
  ): RDD[(Array[Byte], Int)] = {
    val files = getFilePathsRDD(sc, dataPath, numParts)
    loadImagesFromTar(files, sc.broadcast(getLabels(labelsPath)))
  }

  private def locate(path: String): String =
    if (Places.isUri(path)) path
    else {
      val base =
        if (Places.isUri(bucket)) bucket
        else if (bucket.startsWith("/")) s"file:$bucket"
        else s"s3a://$bucket"
      base.stripSuffix("/") + "/" + path.dropWhile(_ == '/')
    }

  /** That of the JVM's Spark context, which a task has none of. */
  private def configuration: Configuration =
    if (SparkEnv.get != null && TaskContext.get() == null)
      SparkContext.getOrCreate().hadoopConfiguration
    else new Configuration()
}
