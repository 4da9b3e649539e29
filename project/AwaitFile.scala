import sbt._
import sbt.Keys._

/** `awaitFile PATH`: goes on when that file is there. build/setup compiles while the native library, which
  * the jar carries, is still being built.
  */
object AwaitFile extends AutoPlugin {
  override def trigger = allRequirements

  override def globalSettings: Seq[Setting[_]] = Seq(
    commands += Command.single("awaitFile") { (state, path) =>
      val awaited = file(path)
      if (!awaited.exists) state.log.info(s"waiting for ${awaited.getName}")
      while (!awaited.exists) Thread.sleep(200)
      state
    }
  )
}
