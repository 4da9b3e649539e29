package sparknet.train

import scala.collection.mutable

/** Which host trains which worker: all have about as many, and workers stay where they are, or where
  * their items are, if they can.
  */
private[train] final class Placement {

  /** For each worker the executor that holds its items, if one does. */
  var homes: IndexedSeq[Option[String]] = IndexedSeq.empty

  // Host and executor that a worker was on last: its momentum is there.
  private val last = mutable.Map.empty[Int, (Long, String)]

  def executorOf(worker: Int): Option[String] = last.get(worker).map(_._2)

  /** For each worker a host of the crew, which has at least one. */
  def of(workers: Int, crew: Seq[Member]): IndexedSeq[Member] = {
    val load = mutable.Map(crew.map(_.id -> 0): _*)
    def lightest(executor: String) = {
      val there = crew.filter(_.executor == executor)
      if (there.isEmpty) None else Some(there.minBy(host => (load(host.id), host.slot)))
    }
    val wanted = (0 until workers).map { worker =>
      val before = last.get(worker)
      val host = before
        .flatMap { case (id, _) => crew.find(_.id == id) }
        .orElse(before.flatMap { case (_, executor) => lightest(executor) })
        .orElse(homes.lift(worker).flatten.flatMap(lightest))
      host.foreach(h => load(h.id) += 1)
      host.map(_.id)
    }
    val ids = crew.sortBy(_.slot).map(_.id).toIndexedSeq
    Placement.balanced(wanted, ids).map(id => crew.find(_.id == id).get)
  }

  /** Notes where workers are now. */
  def used(hosts: IndexedSeq[Member]): Unit =
    for ((host, worker) <- hosts.zipWithIndex) last(worker) = (host.id, host.executor)
}

private[train] object Placement {

  /** Spreads workers evenly over places with as few moves as possible.
    *
    * @param current
    *   for each worker the place where it is, if it is anywhere
    * @param live
    *   the places there are, at least one; in doubt the first ones get more
    */
  def balanced[T](current: IndexedSeq[Option[T]], live: IndexedSeq[T]): IndexedSeq[T] = {
    val share = current.length / live.length
    var extra = current.length % live.length
    // Each place keeps up to its share, and as many as possible one of the odd ones.
    val kept = live.map { place =>
      val held = current.indices.filter(current(_).contains(place))
      val room = if (held.length > share && extra > 0) { extra -= 1; share + 1 }
      else share
      place -> held.take(room)
    }
    val stay = kept.flatMap { case (place, workers) => workers.map(_ -> place) }.toMap
    val load = mutable.Map(kept.map { case (place, workers) => place -> workers.length }: _*)
    current.indices.map { worker =>
      stay.getOrElse(
        worker, {
          val least = live.minBy(load)
          load(least) += 1
          least
        }
      )
    }
  }
}
