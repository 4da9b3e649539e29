package sparknet.io

import java.io.FileNotFoundException
import java.nio.file.{AccessDeniedException, NoSuchFileException}

import scala.util.control.NonFatal

import org.apache.hadoop.fs.FSError
import org.apache.hadoop.security.AccessControlException
import org.apache.hadoop.util.VersionInfo

import sparknet.jna.{CaffeException, Status}

/** Failures of Hadoop's file systems in terms that a user can act on. */
private[sparknet] object Storage {

  /** Runs what reads `uri` on the driver; its failures name the URI. */
  def reading[A](uri: String)(body: => A): A =
    try body
    catch {
      case e: CaffeException => throw e
      case NonFatal(e)       => throw new CaffeException(Status.IO, s"$uri: ${why(e)}", e)
    }

  /** What went wrong, in a line. */
  def why(thrown: Throwable): String = {
    val causes = Iterator.iterate(thrown)(_.getCause).takeWhile(_ != null).take(10).toSeq
    // By name: Hadoop's S3 classes are loaded only when S3 is used.
    def named(parts: String*) = causes.exists(c => parts.exists(c.getClass.getName.contains))
    val text = Option(thrown.getMessage).fold(thrown.toString)(_.linesIterator.take(1).mkString)
    if (named("NoAuthWithAWS", "NoAwsCredentials"))
      s"no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or " +
        s"spark.hadoop.fs.s3a.aws.credentials.provider ($text)"
    else if (causes.exists(lacksS3)) withoutS3
    else if (named("UnknownStore")) s"there is no such bucket ($text)"
    else
      thrown match {
        case e: FSError if e.getCause != null => why(e.getCause) // of a local disk
        case _: FileNotFoundException         => s"there is no such file or folder ($text)"
        case _: NoSuchFileException           => s"there is no such file or folder ($text)"
        case _: AccessDeniedException         => s"access denied ($text)"
        case _: AccessControlException        => s"access denied ($text)"
        case _                                => text
      }
  }

  private def lacksS3(thrown: Throwable): Boolean = thrown match {
    case e: ClassNotFoundException =>
      Option(e.getMessage).exists(_.contains("fs.s3a.S3AFileSystem"))
    case _ => false
  }

  private def withoutS3: String =
    "this Spark has no client for S3: add it by sparknet.session(s3=True), sparknet submit --s3 or " +
      s"spark-submit --packages org.apache.hadoop:hadoop-aws:${VersionInfo.getVersion}"
}
