import sbt._
import sbt.Keys._

import scala.concurrent.duration._

/** `awaitFile PATH`: goes on when that file is there. build/setup compiles while the native library, which
  * the jar carries, is still being built.
  */
object AwaitFile extends AutoPlugin {
  private val Limit = 2.hours

  override def trigger = allRequirements

  override def globalSettings: Seq[Setting[_]] = Seq(
    commands += Command.single("awaitFile") { (state, path) =>
      val awaited = file(path)
      if (!awaited.exists) state.log.info(s"waiting for ${awaited.getName}")
      val end = Limit.fromNow
      while (!awaited.exists) {
        // Whoever was to make it may have been killed.
        if (end.isOverdue()) throw new MessageOnlyException(s"$awaited did not come within $Limit")
        Thread.sleep(200)
      }
      state
    }
  )
}
