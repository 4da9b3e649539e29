package sparknet.jna

import java.nio.FloatBuffer

import caffe.Caffe.SolverParameter
import com.sun.jna.Pointer
import com.sun.jna.ptr.{FloatByReference, IntByReference, LongByReference, PointerByReference}

/** A solver of the engine with its train net and test nets. Calls on them are serialised. */
final class NativeSolver private (handle: Handle) extends AutoCloseable {
  private val library = NativeLoader.library
  private val thrown = new Callbacks.Thrown

  /** @param threads
    *   how many its nets compute with; 0: as many as the machine has cores
    */
  def this(param: SolverParameter, threads: Int) =
    this(NativeSolver.create(param.toByteArray, threads))

  def this(param: SolverParameter) = this(param, threads = 0)

  /** The train net. */
  val net: NativeNet = {
    val lent = new PointerByReference
    handle.run(library.ccaffe_solver_net(_, lent))
    new NativeNet(handle.lend("train net", lent.getValue), thrown)
  }

  /** The test nets, in the order of the solver's parameters. */
  val testNets: IndexedSeq[NativeNet] =
    Vector.tabulate(int(library.ccaffe_solver_num_test_nets(_, _))) { i =>
      val lent = new PointerByReference
      handle.run(library.ccaffe_solver_test_net(_, i, lent))
      new NativeNet(handle.lend(s"test net $i", lent.getValue), thrown)
    }

  def numTestNets: Int = testNets.length

  def testNet(index: Int): NativeNet = testNets.applyOrElse(index, noTestNet)

  /** Runs `n` training iterations and returns the smoothed loss (`average_loss`).
    *
    * If one fails, the weights stay as they were before that iteration.
    */
  def step(n: Int): Float = {
    val loss = new FloatByReference
    net.callbacks.during(handle)(library.ccaffe_solver_step(_, n, loss))
    loss.getValue
  }

  /** Turns the periodic tests of the solver's prototxt on or off (off at first). */
  def setAutoTest(on: Boolean): Unit =
    handle.run(library.ccaffe_solver_set_auto_test(_, if (on) 1 else 0))

  /** Runs `batches` forward passes of a test net on the current weights.
    *
    * @return
    *   for each element of each output, in alphabetical order of the outputs, the sum over the
    *   batches
    */
  def test(net: Int, batches: Int): Array[Float] = {
    val sums = new PointerByReference
    val count = new IntByReference
    var scores = Array.empty[Float]
    testNet(net).callbacks.during(handle) { p =>
      val status = library.ccaffe_solver_test(p, net, batches)
      if (status == Status.OK.code) {
        Check.ok(library.ccaffe_solver_scores(p, sums, count))
        if (count.getValue > 0) scores = sums.getValue.getFloatArray(0, count.getValue)
      }
      status
    }
    scores
  }

  /** Number of updates applied, on which learning rate policies depend. */
  def iteration: Int = int(library.ccaffe_solver_iteration(_, _))

  def setIteration(i: Int): Unit = handle.run(library.ccaffe_solver_set_iteration(_, i))

  /** Starts the generators of all nets anew: dropout masks and the like depend on `seed` from now
    * on, and not on what was drawn before. Each net has draws of its own. A layer that reads files
    * keeps its place in them, its shuffled order and the batch that it has read ahead.
    *
    * @param seed
    *   at least 0
    */
  def setSeed(seed: Long): Unit = handle.run(library.ccaffe_solver_set_seed(_, seed))

  /** Base learning rate of the next update, without `lr_mult`. */
  def learningRate: Float = {
    val rate = new FloatByReference
    handle.run(library.ccaffe_solver_learning_rate(_, rate))
    rate.getValue
  }

  /** Sets the rate of all updates from now on in place of the `lr_policy`: finite, at least 0. None:
    * the policy's again.
    */
  def setLearningRate(rate: Option[Float]): Unit = {
    val value = rate.map(r => FloatBuffer.wrap(Array(r))).orNull
    handle.run(library.ccaffe_solver_set_learning_rate(_, value))
  }

  /** Number of values of history (momentum and the like). */
  def historyCount: Int = {
    val count = new LongByReference
    handle.run(library.ccaffe_solver_history_count(_, count))
    Counts.toInt(count.getValue, "the number of values of history")
  }

  /** Copies the history into `into`: for each bank, all parameters in the order of the weights. */
  def readHistory(into: Array[Float]): Unit = readHistory(FloatBuffer.wrap(into))

  /** As above, from the position to the limit of `into`, which both stay: [[historyCount]] values.
    *
    * A direct buffer, which must be of native byte order, is filled without another copy.
    */
  def readHistory(into: FloatBuffer): Unit = {
    val values = Buffers.writable(into)
    handle.run(library.ccaffe_solver_read_history(_, values, values.remaining.toLong))
  }

  /** Sets the history; the length of `from` is [[historyCount]]. */
  def writeHistory(from: Array[Float]): Unit = writeHistory(FloatBuffer.wrap(from))

  /** Sets the history to what `from` holds from its position to its limit; as [[readHistory]]. */
  def writeHistory(from: FloatBuffer): Unit = {
    val values = Buffers.readable(from)
    handle.run(library.ccaffe_solver_write_history(_, values, values.remaining.toLong))
  }

  /** Writes weights and state; `prefix` null means the prototxt's.
    *
    * @return
    *   paths of the caffemodel and the solverstate
    */
  def snapshot(prefix: String): Array[String] = {
    var files = Array.empty[String]
    handle.run { p =>
      files = Buffers.lines(library.ccaffe_solver_snapshot(p, prefix, _))
      Status.OK.code
    }
    files
  }

  /** Restores weights, history and counter from a solverstate and its caffemodel.
    *
    * @return
    *   one line that says what was taken and what is only in the file
    */
  def restore(path: String): String = {
    var report = ""
    handle.run { p =>
      report = Buffers.text(library.ccaffe_solver_restore(p, path, _))
      Status.OK.code
    }
    report
  }

  override def close(): Unit = handle.close()

  private def int(function: (Pointer, IntByReference) => Int): Int = {
    val result = new IntByReference
    handle.run(function(_, result))
    result.getValue
  }

  private def noTestNet(index: Int): NativeNet =
    throw new CaffeException(
      if (testNets.isEmpty) Status.STATE else Status.INVALID_ARGUMENT,
      s"there is no test net $index: the solver has $numTestNets"
    )
}

object NativeSolver {

  /** From a serialised SolverParameter. */
  def fromBytes(param: Array[Byte]): NativeSolver = fromBytes(param, threads = 0)

  /** From a serialised SolverParameter.
    *
    * @param threads
    *   how many its nets compute with; 0: as many as the machine has cores
    */
  def fromBytes(param: Array[Byte], threads: Int): NativeSolver =
    new NativeSolver(create(param, threads))

  /** From a prototxt file. */
  def fromFile(path: String): NativeSolver = fromBytes(Engine.solverBytes(path))

  /** From the text of a prototxt. */
  def fromText(text: String): NativeSolver = new NativeSolver(Engine.parseSolverText(text))

  private def create(param: Array[Byte], threads: Int): Handle = {
    val library = NativeLoader.library
    val solver = new PointerByReference
    Check.ok(library.ccaffe_solver_create(param, param.length.toLong, threads, solver))
    Handle.owned("solver", solver.getValue, library.ccaffe_solver_destroy(_))
  }
}
