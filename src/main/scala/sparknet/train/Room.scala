package sparknet.train

/** What the workers in one executor share.
  *
  * @param tasks
  *   that run there at a time; 0: as many as its machine has processors for
  * @param cores
  *   of the executor; 0: all that its machine has
  * @param taskCpus
  *   cores that Spark counts for a task
  * @param sharing
  *   workers that have their place there
  * @param asked
  *   threads of each net that the user asked for; 0: none
  * @param held
  *   workers for whose vectors and momentum it has memory beside the nets; the others' are on disk
  */
private[train] final case class Room(
    tasks: Int,
    cores: Int,
    taskCpus: Int,
    sharing: Int,
    asked: Int,
    held: Int = Int.MaxValue
) {

  /** Vectors that each task may have in memory. */
  def vectors(processors: Int): Int = math.max(1, held / slots(processors))

  /** Workers whose momentum may wait in memory for their turn. */
  def waiting(processors: Int): Int = math.max(0, held - slots(processors))

  /** Tasks that run at a time where there are so many processors. */
  def slots(processors: Int): Int = if (tasks > 0) tasks else math.max(1, processors / taskCpus)

  /** Threads of a worker's net: a worker alone has all cores, whatever Spark counts for its task. */
  def threads(processors: Int): Int =
    if (asked > 0) asked
    else {
      val all = if (cores > 0) cores else processors
      math.max(1, all / math.min(sharing, slots(processors)))
    }
}
