package sparknet.train

import java.io.File

import caffe.Caffe.SolverParameter

import sparknet.jna.{CaffeException, Status}

/** When `fit` writes snapshots, and where: the solver's `snapshot` and `snapshot_prefix`. */
private[train] final case class SnapshotPlan(every: Int, prefix: String) {

  /** Whether one is due after a round that ended at iteration `now`. */
  def due(before: Int, now: Int): Boolean = every > 0 && now / every > before / every

  /** Finds out before hours of training whether snapshots can be written. */
  def check(): Unit = if (every > 0) {
    val folder = Option(new File(prefix).getAbsoluteFile.getParentFile)
    if (prefix.isEmpty || !folder.exists(f => f.isDirectory && f.canWrite))
      throw new CaffeException(
        Status.IO,
        s"the solver asks for a snapshot every $every iterations, and '$prefix' (snapshot_prefix) " +
          "is not a place to write to; clear snapshot or change snapshot_prefix"
      )
  }
}

private[train] object SnapshotPlan {
  val none: SnapshotPlan = SnapshotPlan(0, "")

  def of(solver: SolverParameter): SnapshotPlan =
    SnapshotPlan(solver.getSnapshot, solver.getSnapshotPrefix)
}
