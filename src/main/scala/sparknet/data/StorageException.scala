package sparknet.data

import java.io.IOException

import sparknet.jna.Status

/** A storage that failed while data were read, which may go well the next time: tasks end with it, so
  * that Spark tries them again. It prints itself as errors of the engine do, which is how
  * Python finds it in the message of a job that was given up.
  */
private[data] final class StorageException(message: String, cause: Throwable)
    extends IOException(message, cause) {
  override def toString: String = s"${getClass.getName} (${Status.IO.name}): $getMessage"
}
