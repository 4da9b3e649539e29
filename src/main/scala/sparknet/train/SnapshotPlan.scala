package sparknet.train

import java.io.{File, FileInputStream}

import scala.util.control.NonFatal

import caffe.Caffe.{SolverParameter, SolverState}
import com.google.protobuf.CodedInputStream

import sparknet.io.Places
import sparknet.jna.{CaffeException, Status}

/** When `fit` writes snapshots, and where: the solver's `snapshot` and `snapshot_prefix`. */
private[train] final case class SnapshotPlan(every: Int, prefix: String) {

  /** Whether one is due after a round that ended at iteration `now`. */
  def due(before: Int, now: Int): Boolean = every > 0 && now / every > before / every

  /** Finds out before hours of training whether snapshots can be written. */
  def check(places: Places): Unit = if (every > 0) {
    def refused(why: String, cause: Throwable) = throw new CaffeException(
      Status.IO,
      s"the solver asks for a snapshot every $every iterations: $why; clear snapshot or change " +
        "snapshot_prefix",
      cause
    )
    if (prefix.isEmpty) refused("it has no snapshot_prefix", null)
    try places.probe(prefix)
    catch { case e: CaffeException => refused(e.getMessage, e) }
  }
}

private[train] object SnapshotPlan {
  val none: SnapshotPlan = SnapshotPlan(0, "")

  def of(solver: SolverParameter): SnapshotPlan =
    SnapshotPlan(solver.getSnapshot, solver.getSnapshotPrefix)

  /** The name of the caffemodel that a solverstate is half of, if it can be told: what the state itself
    * says, or, as that takes HDF5 to read, what the engine calls it.
    */
  def modelBeside(solverstate: File): Option[String] =
    if (solverstate.getName.endsWith(".h5"))
      Some(solverstate.getName.replace(".solverstate", ".caffemodel"))
    else learnedNet(solverstate).map(new File(_).getName).filter(_.nonEmpty)

  /** Reads no further than the name: the momentum that follows is as large as the net. */
  private def learnedNet(solverstate: File): Option[String] = {
    val in = new FileInputStream(solverstate)
    try {
      val message = CodedInputStream.newInstance(in)
      message.setSizeLimit(Int.MaxValue)
      var tag = message.readTag()
      while (tag != 0 && (tag >> 3) != SolverState.LEARNED_NET_FIELD_NUMBER) {
        message.skipField(tag)
        tag = message.readTag()
      }
      if (tag == 0) None else Some(message.readString())
    } catch { case NonFatal(_) => None } // The engine says what is wrong with it.
    finally in.close()
  }
}
