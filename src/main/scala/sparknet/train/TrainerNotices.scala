package sparknet.train

import sparknet.data.BadRecords
import sparknet.io.Notices

/** What a trainer tells its user, in words.
  *
  * @param warned
  *   is told of warnings too
  */
private[train] final class TrainerNotices(warned: String => Unit = _ => ())
    extends Notices(classOf[Trainer]) {
  private var momentumLost = Set.empty[Int]
  private var missing = Seq.empty[Int]

  override def warn(text: String): Unit = {
    warned(text)
    super.warn(text)
  }

  /** What workers could not use, if anything; the sum of it. */
  def leftOut(when: String, of: Seq[BadRecords]): BadRecords = {
    val all = BadRecords.all(of)
    if (!all.isEmpty) warn(s"$when: $all")
    all
  }

  /** Which workers have no part in a round; said again once it is others. */
  def lost(round: Int, of: Seq[Int]): Unit = {
    if (of.nonEmpty && of != missing)
      warn(
        s"round $round: ${named(of)} had no part in it: lost with an executor, or too late; the " +
          "mean is that of the others"
      )
    missing = of
  }

  /** Whose part in a round was lost after it was trained. */
  def lostBeforeMean(round: Int, of: Seq[Int]): Unit =
    if (of.nonEmpty)
      warn(
        s"round $round: what ${named(of)} did was lost with an executor; the mean is that of the others"
      )

  /** Whose momentum a snapshot lacks, and what it has instead.
    *
    * @param used
    *   workers whose momentum is in it
    */
  def momentum(lost: Set[Int], used: Set[Int]): Unit = if (lost != momentumLost) {
    momentumLost = lost
    val instead =
      if (used.isEmpty) "the snapshot's is zero"
      else if (used.subsetOf(lost)) "the snapshot has what they have gathered since"
      else s"the snapshot has the mean of the other ${used.size}"
    warn(s"the momentum of ${named(lost.toSeq.sorted)} was lost with its executor: $instead")
  }

  /** Where the first round was trained.
    *
    * @param slots
    *   tasks that the cluster runs at a time
    */
  def threads(workers: Int, slots: Int, of: Seq[WorkerResult]): Unit =
    if (of.nonEmpty) once("threads") {
      val threads = of.map(_.threads).distinct.sorted.mkString(" or ")
      val executors = of.map(_.executor).distinct.size
      val turns = if (workers > slots) s" (they take turns: slots: $slots)" else ""
      info(
        s"workers: $workers$turns, executors that train: $executors, threads of each net: $threads"
      )
    }

  private def named(workers: Seq[Int]): String =
    s"worker${if (workers.length == 1) "" else "s"} ${workers.mkString(", ")}"
}
