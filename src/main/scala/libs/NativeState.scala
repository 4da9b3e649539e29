package libs

import com.sun.jna.{Memory, Pointer}
import sparknet.jna.{CaffeException, NativeNet, NativeSolver, Status}

/** What a state pointer of `CaffeLibrary` stands for: a solver or a net, and the last results. */
private[libs] final class NativeState extends AutoCloseable {
  @volatile private var loaded: Option[Either[NativeNet, NativeSolver]] = None
  @volatile private var message: Option[Memory] = None

  /** Sums of the last test. */
  @volatile var scores: Array[Float] = Array.empty

  /** The net, or the solver's train net. */
  def net: NativeNet = loaded match {
    case Some(Left(net))     => net
    case Some(Right(solver)) => solver.net
    case None                => throw outOfOrder("neither a net nor a solver has been loaded")
  }

  def solver: NativeSolver = loaded match {
    case Some(Right(solver)) => solver
    case _                   => throw outOfOrder("no solver has been loaded")
  }

  def testNet: NativeNet = solver.testNet(0)

  def load(make: => Either[NativeNet, NativeSolver]): Unit = synchronized {
    val old = loaded
    loaded = Some(make)
    old.foreach(_.fold(_.close(), _.close()))
  }

  /** Runs the first test net; without a pass there is no score. */
  def test(batches: Int): Unit =
    scores = if (batches > 0) solver.test(0, batches) else Array.empty

  /** Keeps a serialised message, in memory that pointers may be had of. */
  def keep(bytes: Array[Byte]): Unit = {
    val copy = new Memory(math.max(1, bytes.length).toLong)
    copy.write(0, bytes, 0, bytes.length)
    messageLength = bytes.length
    message = Some(copy)
  }

  @volatile var messageLength: Int = 0

  def messageData: Pointer =
    message.getOrElse(throw outOfOrder("no prototxt has been parsed"))

  override def close(): Unit = synchronized {
    loaded.foreach(_.fold(_.close(), _.close()))
    loaded = None
    message = None
  }

  private def outOfOrder(what: String) = new CaffeException(Status.STATE, what)
}
