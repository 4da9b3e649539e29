package sparknet.jna

import java.nio.FloatBuffer

/** Delivers the data of one pass: called once before each forward pass, on the calling thread. */
trait Feed {

  /** Writes every value of every top.
    *
    * @param tops
    *   views of the engine's own memory, one per JavaData layer in the order of the layers; each
    *   has room for exactly one minibatch (row-major, item first). They are valid during the call.
    */
  def fill(tops: Array[FloatBuffer]): Unit
}
