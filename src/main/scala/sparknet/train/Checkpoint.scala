package sparknet.train

import sparknet.io.CheckpointFolder
import sparknet.jna.{CaffeException, FloatMemory, Status, WeightsLayout}

/** All that a run goes on from, bit for bit: weights, the momentum of every worker, counters, each
  * worker's place in its data, and the seed from which all that is random follows (with these places).
  *
  * @param extra
  *   what the caller wants to know again
  */
private[train] final case class Checkpoint(
    progress: Progress,
    seed: Long,
    images: Vector[Long],
    weights: FloatMemory,
    momentum: Map[Int, FloatMemory],
    extra: Map[String, String]
) {
  def close(): Unit = (momentum.values.toSeq :+ weights).foreach(_.close())
}

private[train] object Checkpoint {
  private val weightsFile = "weights.f32"
  private def momentumFile(worker: Int) = s"momentum-$worker.f32"

  /** Writes one; momentum comes from the coordinator, one worker's at a time.
    *
    * @return
    *   its place
    */
  def write(
      folder: CheckpointFolder,
      coordinator: Coordinator,
      seed: Long,
      layout: WeightsLayout,
      extra: Map[String, String]
  ): String = {
    coordinator.weights() // if all hosts are lost the run goes back, now and not later
    val progress = coordinator.current
    val notes = Map(
      "iteration" -> progress.iteration.toString,
      "rounds" -> progress.rounds.toString,
      "positions" -> progress.positions.mkString(" "),
      "images" -> coordinator.lastImages.mkString(" "),
      "seed" -> seed.toString,
      "layout" -> shapes(layout)
    )
    val extras = extra.map { case (key, value) => s"$extraKey$key" -> value }
    folder.write(progress.iteration.toLong, notes ++ extras) { files =>
      files.floats(weightsFile, coordinator.weights())
      coordinator.eachMomentum((worker, values) => files.floats(momentumFile(worker), values))
    }
  }

  /** The newest one that is whole.
    *
    * @param skipped
    *   is told of those that are not
    * @return
    *   None: there is none at all. If none is whole this throws.
    */
  def read(folder: CheckpointFolder, layout: WeightsLayout, historyCount: Int)(
      skipped: String => Unit
  ): Option[(String, Checkpoint)] = {
    val all = folder.all
    val found = all.iterator.flatMap { candidate =>
      try Some((candidate.place, read(candidate, layout, historyCount)))
      catch {
        case e: CaffeException if e.getCodeName == Status.IO.name =>
          skipped(e.getMessage)
          None
      }
    }
    if (found.hasNext) Some(found.next())
    else if (all.isEmpty) None
    else
      throw new CaffeException(
        Status.IO,
        s"none of the ${all.length} checkpoints beside ${all.head.place} is whole"
      )
  }

  private def read(
      from: CheckpointFolder#Checkpoint,
      layout: WeightsLayout,
      historyCount: Int
  ): Checkpoint = {
    if (from.note("layout") != shapes(layout))
      throw new CaffeException(
        Status.SHAPE,
        s"${from.place} is of another net.\nIts weights: ${from.note("layout")}\n" +
          s"This net's: ${shapes(layout)}"
      )
    def numbers(name: String) = from.note(name).split(' ').map(_.toLong).toVector
    val positions = numbers("positions")
    val weights = new FloatMemory(layout.count)
    from.floats(weightsFile, weights)
    val momentum = for (worker <- positions.indices if from.has(momentumFile(worker))) yield {
      val values = new FloatMemory(historyCount)
      from.floats(momentumFile(worker), values)
      worker -> values
    }
    Checkpoint(
      Progress(from.note("rounds").toInt, from.note("iteration").toInt, positions),
      from.note("seed").toLong,
      numbers("images"),
      weights,
      momentum.toMap,
      from.notes.collect {
        case (key, value) if key.startsWith(extraKey) => key.drop(extraKey.length) -> value
      }
    )
  }

  private val extraKey = "run."

  private def shapes(layout: WeightsLayout): String = layout.entries.mkString(", ")
}
