package sparknet.io

import sparknet.jna.Warnings

/** The warnings of the engine in this JVM, for a program in another process: they go to the log unless it
  * has asked for them.
  */
private[sparknet] object EngineNotices extends Notices(classOf[Warnings]) {
  override def keep(): Unit = {
    super.keep()
    Warnings.to((text: String) => warn(text))
  }
}
