package sparknet.train

import java.util.{Map => JavaMap}

import sparknet.io.Options
import sparknet.jna.{CaffeException, Status}

/** Knobs of training on Spark.
  *
  * @param seed
  *   of first weights, of the order of the data and of what is random in the nets; below 0: the
  *   solver's `random_seed`, and without one a new one each time
  * @param threads
  *   of each worker's net; 0: the executor's cores divided by the workers that share it, in local
  *   mode all cores divided by the workers that run at a time
  * @param waitSeconds
  *   how long at most to wait for executors to register before data is spread over them
  * @param windowMb
  *   megabytes (2^20 bytes) of items that a worker has in memory at a time while it trains; a worker
  *   that has more is sent through its partitions in a shuffled order, and shuffles their items
  *   within such windows
  */
final case class TrainerOptions(
    seed: Long = -1,
    threads: Int = 0,
    waitSeconds: Int = 30,
    windowMb: Int = 256
) {
  if (threads < 0 || waitSeconds < 0 || windowMb < 1)
    throw new CaffeException(
      Status.INVALID_ARGUMENT,
      s"threads ($threads) and wait_seconds ($waitSeconds) cannot be negative, and window_mb " +
        s"($windowMb) must be at least 1"
    )
}

object TrainerOptions {

  /** From `seed`, `threads`, `wait_seconds` and `window_mb`, each of which may be missing. */
  def from(given: JavaMap[String, Object]): TrainerOptions = {
    val options = new Options(given, "seed", "threads", "wait_seconds", "window_mb")
    val default = TrainerOptions()
    TrainerOptions(
      options.long("seed", default.seed),
      options.int("threads", default.threads),
      options.int("wait_seconds", default.waitSeconds),
      options.int("window_mb", default.windowMb)
    )
  }
}
