package sparknet.train

import sparknet.data.BadRecords

/** What a trainer tells its user on stderr, once each. */
private[train] final class Notices {
  private var momentumLost = Set.empty[Int]
  private var toldThreads = false

  def say(text: String): Unit = System.err.println(s"SparkNet: $text")

  /** What workers could not use, if anything; the sum of it. */
  def leftOut(when: String, of: Seq[BadRecords]): BadRecords = {
    val all = BadRecords.all(of)
    if (!all.isEmpty) say(s"$when: $all")
    all
  }

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
    say(
      s"the momentum of worker${if (lost.size == 1) "" else "s"} ${lost.toSeq.sorted.mkString(", ")}" +
        s" was lost with its executor: $instead"
    )
  }

  def threads(workers: Int, of: Seq[WorkerResult]): Unit = if (!toldThreads && of.nonEmpty) {
    toldThreads = true
    val threads = of.map(_.threads).distinct.sorted.mkString(" or ")
    val executors = of.map(_.executor).distinct.size
    say(s"workers: $workers, executors that train: $executors, threads of each net: $threads")
  }
}
