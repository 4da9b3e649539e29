package sparknet.train

/** A cluster as a schedule has it.
  *
  * @param slots
  *   jobs, of one host each
  * @param machines
  *   that executors share in turn
  * @param perExecutor
  *   hosts that an executor has room for
  * @param slow
  *   seconds that a message, a fetch or a step may take
  * @param duplicates
  *   share of orders and reports that come a second time
  * @param mortal
  *   whether executors die and tasks fail
  * @param deadly
  *   share of messages to hosts around which their executor dies
  * @param halves
  *   whether what workers have learned travels as bfloat16
  * @param late
  *   seconds that Spark may take to start a task
  * @param held
  *   workers for whose vectors and momentum an executor has memory
  */
private[train] final case class ClusterPlan(
    executors: Int,
    machines: Int,
    slots: Int,
    perExecutor: Int,
    slow: Double,
    duplicates: Double,
    mortal: Boolean,
    deadly: Double,
    halves: Boolean,
    late: Double,
    held: Int
)
