package sparknet.train

import scala.collection.mutable
import scala.collection.mutable.ArrayBuffer

/** The nets of this JVM: one for each task that may run at a time, made where a task first needs one
  * and kept for the next rounds. Two running tasks never have the same one.
  */
private[train] object WorkerNets {
  private final class Slot(val trainer: Long, val net: WorkerNet) {
    var worker = 0
    var momentumOf = Option.empty[Int] // the worker, all of whose momentum is in the net
    var busy = true
    var used = 0L
  }

  private val slots = ArrayBuffer.empty[Slot]
  private val closed = mutable.Set.empty[Long]
  private var clock = 0L

  /** A net lent to a task, and whether it was made for it (and so has no momentum yet). */
  final class Lease private[WorkerNets] (slot: Slot, val fresh: Boolean, capacity: Int) {
    def net: WorkerNet = slot.net

    /** From now on the net gathers its worker's momentum. */
    def beginMomentum(): Unit = slot.momentumOf = Some(slot.worker)

    /** Whether the net has gathered it since it began: a net that replaces a lost one has not. */
    def wholeMomentum: Boolean = slot.momentumOf.contains(slot.worker)

    /** Gives the net back; one that a failure may have spoilt is closed. */
    def end(usable: Boolean): Unit = WorkerNets.release(slot, usable, capacity)
  }

  /** Lends a net of the trainer: the one that this worker used last if it is here, else a new one,
    * else, if there is one for each slot already, the one that was idle longest.
    *
    * @param open
    *   the trainers that are still in use; idle nets of all others are closed
    * @param capacity
    *   tasks that this JVM runs at a time
    */
  def lease(trainer: Long, open: Set[Long], worker: Int, capacity: Int)(
      create: => WorkerNet
  ): Lease = synchronized {
    closeIdle(slot => !open(slot.trainer) && slot.trainer != trainer)
    val own = slots.filter(_.trainer == trainer)
    val idle = own.filterNot(_.busy)
    val kept = idle.filter(_.worker == worker).sortBy(-_.used).headOption
    val taken = kept.orElse(if (own.length < capacity) None else idle.sortBy(_.used).headOption)
    val slot = taken.getOrElse {
      val made = new Slot(trainer, create)
      slots += made
      made
    }
    slot.busy = true
    slot.worker = worker
    slot.momentumOf = slot.momentumOf.filter(_ == worker)
    new Lease(slot, taken.isEmpty, capacity)
  }

  /** Lends the idle net that this worker used last, if it is in this JVM. */
  def find(trainer: Long, worker: Int): Option[Lease] = synchronized {
    slots
      .filter(s => s.trainer == trainer && s.worker == worker && !s.busy)
      .sortBy(-_.used)
      .headOption
      .map { slot =>
        slot.busy = true
        new Lease(slot, false, Int.MaxValue)
      }
  }

  /** Closes the nets of a trainer, those that are in use as soon as they come back. */
  def close(trainer: Long): Unit = synchronized {
    closed += trainer
    closeIdle(_.trainer == trainer)
  }

  /** Number of nets that this JVM holds for a trainer. */
  def count(trainer: Long): Int = synchronized(slots.count(_.trainer == trainer))

  private def release(slot: Slot, usable: Boolean, capacity: Int): Unit = synchronized {
    clock += 1
    slot.used = clock
    slot.busy = false
    if (!usable || closed(slot.trainer) || slots.count(_.trainer == slot.trainer) > capacity)
      closeIdle(_ eq slot)
  }

  private def closeIdle(condition: Slot => Boolean): Unit = {
    val (closing, kept) = slots.partition(slot => !slot.busy && condition(slot))
    slots.clear()
    slots ++= kept
    closing.foreach(_.net.close())
  }
}
