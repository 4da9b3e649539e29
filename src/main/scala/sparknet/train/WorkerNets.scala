package sparknet.train

import java.nio.ByteBuffer

import scala.collection.mutable
import scala.collection.mutable.ArrayBuffer

import sparknet.jna.FloatMemory

/** A worker's momentum.
  *
  * @param round
  *   the last round in which it was gathered, counted from 0; -1: none yet
  * @param whole
  *   whether it was gathered in all rounds up to there: what replaces a lost one is not
  * @param copied
  *   whether the values are a copy for whoever asked, who closes it
  * @param crowded
  *   whether memory has no room for it: it is on disk
  */
private[train] final case class Momentum(
    values: FloatMemory,
    round: Int,
    whole: Boolean,
    copied: Boolean = false,
    crowded: Boolean = false
)

/** Where momentum waits for its worker's next turn.
  *
  * @param most
  *   workers of a trainer whose momentum may be in memory
  * @param spill
  *   puts that of the others on disk
  */
private[train] final case class Aside(most: Int, spill: ByteBuffer => Spilled)

/** The nets of this JVM: one for each task that may run at a time, made where a task first needs one
  * and kept for the next rounds. Two running tasks never have the same one.
  *
  * Where workers take turns at a net, each finds its own momentum in it: those of the others are put
  * aside until their turn.
  */
private[train] object WorkerNets {
  private final class Slot(val trainer: Long, val net: WorkerNet, var worker: Int) {
    var round = -1 // in which the net last trained for the worker
    var whole = false
    var busy = true
    var used = 0L

    def momentum: Momentum = {
      val values = new FloatMemory(net.historyCount)
      net.readHistory(values)
      Momentum(values, round, whole)
    }
  }

  /** Momentum of a worker whose turn it is not. */
  private sealed trait Waiting {

    /** Nobody wants it any more. */
    def drop(): Unit
  }

  private final case class InMemory(momentum: Momentum) extends Waiting {
    override def drop(): Unit = () // a host may still show it to others
  }

  private final case class OnDisk(count: Int, round: Int, whole: Boolean, values: Spilled)
      extends Waiting {
    def read(): Momentum = {
      val into = new FloatMemory(count)
      values.read(into.bytes(0, count))
      Momentum(into, round, whole, copied = true, crowded = true)
    }
    override def drop(): Unit = values.close()
  }

  private val slots = ArrayBuffer.empty[Slot]
  private val aside = mutable.Map.empty[(Long, Int), Waiting]
  private val closed = mutable.Set.empty[Long]
  private var clock = 0L

  /** A net lent to a worker's task. */
  final class Lease private[WorkerNets] (
      slot: Slot,
      before: Int,
      made: Boolean,
      capacity: Int,
      room: Aside
  ) {
    private var without = made
    if (made || before != slot.worker) changeHands()

    def net: WorkerNet = slot.net

    /** Whether the worker begins without momentum here. */
    def fresh: Boolean = without

    /** Makes the worker's momentum that with which a round starts; what was gathered before others
      * took over its part in some round is no longer of use.
      *
      * @param history
      *   if given, is the worker's
      */
    def begin(round: Int, history: Option[FloatMemory]): Unit = {
      if (history.nonEmpty) {
        net.writeHistory(history.get)
        without = false
      } else if (round > 0 && slot.round < round - 1) {
        if (slot.round >= 0) forget()
        without = true
        slot.whole = false
      }
      if (history.nonEmpty || round == 0) slot.whole = true
    }

    /** Notes that the net has gathered momentum in a round. */
    def trained(round: Int): Unit = slot.round = round

    /** Gives the net back; one that a failure may have spoilt is closed. */
    def end(usable: Boolean): Unit = WorkerNets.release(slot, usable, capacity)

    private def changeHands(): Unit = {
      // First what comes, then what goes: both beside the others may be one too many.
      val own = WorkerNets.takeBack(slot.trainer, slot.worker)
      if (!made) WorkerNets.putAside(slot.trainer, before, slot.momentum, room)
      own match {
        case Some(momentum) =>
          net.writeHistory(momentum.values)
          momentum.values.close()
        case None => if (!made) forget()
      }
      slot.round = own.fold(-1)(_.round)
      slot.whole = own.exists(_.whole)
      without = own.isEmpty
    }

    private def forget(): Unit = {
      val nothing = new FloatMemory(net.historyCount)
      nothing.clear()
      net.writeHistory(nothing)
      nothing.close()
    }
  }

  /** Lends a net of the trainer: the one that this worker used last if it is here, else a new one,
    * else, if there is one for each slot already, the one that was idle longest.
    *
    * @param open
    *   the trainers that are still in use; idle nets of all others are closed
    * @param capacity
    *   tasks that this JVM runs at a time
    * @param room
    *   for the momentum of those whose turn it is not
    */
  def lease(trainer: Long, open: Set[Long], worker: Int, capacity: Int, room: Aside)(
      create: => WorkerNet
  ): Lease = {
    // A worker's momentum is in one place at a time: nobody looks for it while it is moved.
    synchronized {
      val done = (other: Long) => !open(other) && other != trainer
      closeIdle(slot => done(slot.trainer))
      forget(done)
      val own = slots.filter(_.trainer == trainer)
      val idle = own.filterNot(_.busy)
      val kept = idle.filter(_.worker == worker).sortBy(-_.used).headOption
      val taken = kept.orElse(if (own.length < capacity) None else idle.sortBy(_.used).headOption)
      val slot = taken.getOrElse {
        val made = new Slot(trainer, create, worker)
        slots += made
        made
      }
      val before = slot.worker
      slot.busy = true
      slot.worker = worker
      try new Lease(slot, before, taken.isEmpty, capacity, room)
      catch {
        case e: Throwable =>
          slot.busy = false
          closeIdle(_ eq slot)
          throw e
      }
    }
  }

  /** What this JVM has of a worker's momentum, while no task of the trainer runs. */
  def momentum(trainer: Long, worker: Int): Option[Momentum] = synchronized {
    slots
      .filter(s => s.trainer == trainer && s.worker == worker && !s.busy)
      .sortBy(-_.used)
      .headOption
      .map(_.momentum.copy(copied = true))
      .orElse(aside.get((trainer, worker)).map {
        case InMemory(momentum) => momentum
        case spilled: OnDisk    => spilled.read()
      })
  }

  /** Closes the nets of a trainer, those that are in use as soon as they come back. */
  def close(trainer: Long): Unit = synchronized {
    closed += trainer
    closeIdle(_.trainer == trainer)
    forget(_ == trainer)
  }

  /** Number of nets that this JVM holds for a trainer. */
  def count(trainer: Long): Int = synchronized(slots.count(_.trainer == trainer))

  private def putAside(trainer: Long, worker: Int, momentum: Momentum, room: Aside): Unit =
    synchronized {
      val there = aside.count { case (key, kept) =>
        key._1 == trainer && kept.isInstanceOf[InMemory]
      }
      if (closed(trainer)) momentum.values.close()
      else if (there < room.most) put(trainer, worker, InMemory(momentum))
      else {
        val values = momentum.values
        try {
          val spilled = room.spill(values.bytes(0, values.count))
          put(trainer, worker, OnDisk(values.count, momentum.round, momentum.whole, spilled))
        } finally values.close()
      }
    }

  /** Instead of what a turn that nobody waits for any more may have put there meanwhile. */
  private def put(trainer: Long, worker: Int, waiting: Waiting): Unit =
    aside.put((trainer, worker), waiting).foreach(_.drop())

  private def takeBack(trainer: Long, worker: Int): Option[Momentum] =
    synchronized(aside.remove((trainer, worker)).map {
      case InMemory(momentum) => momentum
      case spilled: OnDisk    =>
        try spilled.read()
        finally spilled.drop()
    })

  private def forget(done: Long => Boolean): Unit = {
    val going = aside.toSeq.filter { case ((trainer, _), _) => done(trainer) }
    aside --= going.map(_._1)
    going.foreach(_._2.drop())
  }

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
