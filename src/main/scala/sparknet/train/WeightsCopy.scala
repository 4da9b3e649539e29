package sparknet.train

import java.io.IOException

import sparknet.jna.{CaffeException, FloatMemory, Status}

/** The driver's copy of the weights, outside its heap: what hosts begin with, and go on with if all are
  * lost.
  *
  * @param name
  *   under which it is published
  * @param keepSeconds
  *   how old it may get before it is fetched again
  */
private[train] final class WeightsCopy(
    val count: Int,
    val memory: Memory,
    name: String,
    keepSeconds: Double,
    time: Time
) extends AutoCloseable {
  private var current = new FloatMemory(count)
  private var spare = Option.empty[FloatMemory]
  private var shown = Option.empty[Publication]
  private var names = 0
  private var underWay = Option.empty[WeightsCopy.Fetch]
  private var copiedAt = time.now
  private var cost = 0.0 // seconds that fetching took last
  private var fetches = 0
  private val reducer = new AllReduce(memory, _ => None, () => false)

  var version = 0L
  var progress = Progress(0, 0, Vector.empty)

  def values: FloatMemory = current

  def set(version: Long, progress: Progress)(fill: FloatMemory => Unit): Unit = {
    val next = spare.getOrElse(new FloatMemory(count))
    spare = Some(next)
    next.floats.put(current.floats)
    fill(next) // if it fails, the copy is as before
    take(version, progress)
  }

  /** Begins to fetch weights from hosts: the copy stays what it is until all of them are there. */
  def begin(version: Long, progress: Progress, pieces: Seq[(Published, Int)]): Unit = {
    drop()
    spare = Some(spare.getOrElse(new FloatMemory(count)))
    val fetch = new Gathering(memory, pieces, spare.get)
    underWay = Some(WeightsCopy.Fetch(version, progress, time.now, fetch))
    // Memory of this JVM may be gone later, with the session: it is copied at once.
    if (pieces.forall(_._1.place == memory.here)) while (isUnderWay) advance(WeightsCopy.pollMillis)
  }

  def isUnderWay: Boolean = underWay.nonEmpty

  /** Who has what has to arrive next. */
  def from: Option[Published] = underWay.flatMap(_.pieces.from)

  /** Takes of what has been begun what arrives within some time. If some of it cannot be had it throws,
    * and all of it is dropped.
    */
  def advance(millis: Long): Unit = for (own <- underWay) {
    val whole =
      try own.pieces.advance(millis)
      catch {
        case e: Throwable =>
          drop()
          throw e
      }
    if (whole) {
      drop()
      take(own.version, own.progress)
      copiedAt = own.begin
      cost = time.now - own.begin
      fetches += 1
    }
  }

  /** Forgets what has been begun. */
  def drop(): Unit = {
    underWay.foreach(_.pieces.close())
    underWay = None
  }

  /** Whether it is time for a new one: often where that costs next to nothing. */
  def isDue: Boolean =
    fetches < WeightsCopy.slow ||
      time.now - copiedAt >= math.min(keepSeconds, cost * WeightsCopy.rarely)

  def gather(pieces: Seq[(Published, Int)], into: FloatMemory): Unit = reducer.gather(pieces, into)

  /** The copy as others may fetch it, until it changes. */
  def published(layout: Pieces): Published = {
    if (!shown.exists(_.vector.pieces == layout)) {
      withdraw()
      shown = Some(publish(current, layout))
    }
    shown.get.vector
  }

  def publish(values: FloatMemory, layout: Pieces): Publication = {
    names += 1
    val publication = new Publication(memory, s"$name-$names", layout, values)
    try publication.show(layout.all)
    catch {
      case e: IOException =>
        publication.withdraw()
        throw new CaffeException(Status.OUT_OF_MEMORY, e.getMessage, e)
    }
    publication
  }

  def withdraw(): Unit = {
    shown.foreach(_.withdraw())
    shown = None
  }

  private def take(newVersion: Long, newProgress: Progress): Unit = {
    withdraw()
    val before = current
    current = spare.get
    spare = Some(before)
    version = newVersion
    progress = newProgress
    copiedAt = time.now
  }

  override def close(): Unit = {
    drop()
    withdraw()
    (spare.toSeq :+ current).foreach(_.close())
  }
}

private[train] object WeightsCopy {

  /** Weights on their way, since `begin`. */
  private final case class Fetch(
      version: Long,
      progress: Progress,
      begin: Double,
      pieces: Gathering
  )

  private val pollMillis = 50L

  /** Fetching takes at most one part in so many of the time. */
  private val rarely = 50

  /** So many at first say nothing of what the next ones cost. */
  private val slow = 3
}
