package sparknet.train

import org.apache.hadoop.conf.Configuration

import sparknet.io.{CheckpointFolder, Places}
import sparknet.jna.FloatMemory

/** A run in files: snapshots and weights as Caffe has them, and checkpoints. Places are paths of this
  * machine, or URIs of any Hadoop file system.
  */
private[train] final class TrainerFiles(
    conf: Configuration,
    master: MasterNet,
    workers: Int,
    notices: TrainerNotices
) {
  val places = new Places(conf)

  /** Writes a snapshot: current weights, the workers' mean momentum and the counter.
    *
    * @return
    *   the places of caffemodel and solverstate
    */
  def snapshot(prefix: String, coordinator: Coordinator): Array[String] = {
    coordinator.weights() // if all hosts are lost the run goes back, now and not later
    val momentum = meanMomentum(coordinator)
    try {
      val weights = coordinator.weights()
      places.writing(prefix)(master.snapshot(_, weights, momentum, coordinator.current.iteration))
    } finally momentum.foreach(_.close())
  }

  /** Goes on from a solverstate: weights, counter, and momentum for every worker; says what was taken. */
  def restore(solverstate: String, coordinator: Coordinator): String = {
    val history = new FloatMemory(master.historyCount)
    val read = new FloatMemory(master.layout.count)
    try {
      val found = places.reading(solverstate, SnapshotPlan.modelBeside(_).toSeq) { path =>
        val restored = master.restore(path, read, history)
        restored.copy(report = Places.named(restored.report, path, solverstate))
      }
      val seen = found.iteration.toLong * master.trainInput.batch * master.minibatchesPerIteration
      coordinator.adopt(
        Progress(coordinator.current.rounds, found.iteration, Vector.fill(workers)(seen)),
        (0 until workers).map(_ -> history).toMap
      )(_.floats.put(read.floats))
      found.report
    } finally read.close()
  }

  /** Takes over the weights of a caffemodel; says which. */
  def load(caffemodel: String, coordinator: Coordinator): String = {
    var report = ""
    coordinator.adopt(coordinator.current) { weights =>
      report = places.reading(caffemodel) { path =>
        Places.named(master.load(path, weights), path, caffemodel)
      }
    }
    report
  }

  def save(caffemodel: String, coordinator: Coordinator): Unit = {
    places.writing(caffemodel) { path =>
      master.save(path, coordinator.weights())
      Array(path)
    }
    ()
  }

  /** The checkpoints of a folder. */
  def checkpoints(folder: String, keep: Int): CheckpointFolder =
    new CheckpointFolder(conf, folder, keep)

  /** The newest checkpoint of a folder that is whole, for as many workers as there are. */
  def newest(folder: CheckpointFolder): Option[(String, Checkpoint)] =
    Checkpoint
      .read(folder, master.layout, master.historyCount)(skipped =>
        notices.warn(s"a checkpoint is damaged: $skipped")
      )
      .map { case (place, found) => (place, fitting(place, found)) }

  /** Of another number of workers each has seen about as much, and momentum is gathered anew. */
  private def fitting(place: String, found: Checkpoint): Checkpoint = {
    val positions = found.progress.positions
    if (positions.length == workers) found
    else {
      notices.warn(
        s"$place is of ${positions.length} workers, and there are $workers: momentum starts from zero"
      )
      found.momentum.values.foreach(_.close())
      found.copy(
        progress = found.progress.copy(positions = Vector.fill(workers)(positions.sum / workers)),
        images = Vector.fill(workers)(0L),
        momentum = Map.empty
      )
    }
  }

  /** The mean of the workers' momentum as it is now. What replaced workers have is too little, so it
    * counts only where there is nothing else.
    */
  private def meanMomentum(coordinator: Coordinator): Option[FloatMemory] = {
    val all = (0 until workers).filter(coordinator.lastImages(_) > 0).toSet
    val last = coordinator.current.rounds - 1
    coordinator.meanMomentum { there =>
      val recent = there.filter(_.round == last)
      val whole = recent.filter(_.whole)
      val lost = all -- whole.map(_.worker)
      val used = if (lost == all) recent else whole
      if (lost.nonEmpty) notices.momentum(lost, used.map(_.worker).toSet)
      used
    }
  }
}
