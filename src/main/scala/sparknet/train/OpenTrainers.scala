package sparknet.train

import java.lang.ref.WeakReference

import scala.collection.mutable

/** The trainers of this driver that are in use. One that its owner forgot to close counts as closed
  * once the garbage collector has found it; executors then close its nets when they next work.
  */
private[train] object OpenTrainers {
  private val open = mutable.Map.empty[Long, WeakReference[Trainer]]
  private var last = 0L

  def add(trainer: Trainer): Long = synchronized {
    last += 1
    open(last) = new WeakReference(trainer)
    last
  }

  /** Whether it was open. */
  def remove(id: Long): Boolean = synchronized(open.remove(id).isDefined)

  def ids: Set[Long] = synchronized {
    open.filter(_._2.get != null).keys.toSet
  }
}
