package sparknet.train

/** What one worker has of a data set: some of its partitions, by number, and the sizes of the blocks
  * in them.
  */
private[train] final case class Portion(partitions: Array[Int], blocks: Array[Array[Int]]) {
  def items: Long = blocks.iterator.flatten.map(_.toLong).sum
}

private[train] object Portion {

  /** Gives each worker about as many items, or None where partitions cannot be dealt out so: then
    * their items must be. The largest partitions go first, each to whoever has least.
    */
  def of(parts: IndexedSeq[Array[Int]], workers: Int): Option[IndexedSeq[Portion]] = {
    val counts = parts.map(_.iterator.map(_.toLong).sum)
    val shares = Array.fill(workers)(Vector.empty[Int])
    if (parts.length == workers) parts.indices.foreach(i => shares(i) = Vector(i))
    else {
      val load = new Array[Long](workers)
      for (i <- parts.indices.sortBy(i => (-counts(i), i))) {
        val least = load.indexOf(load.min)
        shares(least) :+= i
        load(least) += counts(i)
      }
      if (load.min < evenEnough * load.max) return None
    }
    Some(shares.toIndexedSeq.map { own =>
      val sorted = own.sorted.toArray
      Portion(sorted, sorted.map(parts))
    })
  }

  /** A worker with less than this share of what another one has sees its items too often. */
  private val evenEnough = 0.8
}
