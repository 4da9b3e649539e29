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
  * @param keepSeconds
  *   how old the driver's copy of the weights gets before it is fetched again, from which training goes
  *   on if all executors are lost at once
  * @param idleSeconds
  *   how long the slots of the cluster are kept when nothing is asked of the trainer
  * @param retries
  *   how often in a row a task may fail for reasons of Spark's, after Spark's own retries, or all
  *   executors may get lost, before that is an error
  * @param wirePrecision
  *   `fp32`, or `bf16`: by how much weights have changed in a round goes between executors rounded to
  *   16 bits, except for nets of less than 1 MB; the weights themselves keep 32
  */
final case class TrainerOptions(
    seed: Long = -1,
    threads: Int = 0,
    waitSeconds: Int = 30,
    windowMb: Int = 256,
    keepSeconds: Double = 10,
    idleSeconds: Double = 10,
    retries: Int = 3,
    wirePrecision: String = "fp32"
) {
  if (wirePrecision != "fp32" && wirePrecision != "bf16")
    throw new CaffeException(
      Status.INVALID_ARGUMENT,
      s"wire_precision is fp32 or bf16, not '$wirePrecision'"
    )
  for (
    (name, value, least) <- Seq(
      ("threads", threads.toDouble, 0),
      ("wait_seconds", waitSeconds.toDouble, 0),
      ("window_mb", windowMb.toDouble, 1),
      ("keep_seconds", keepSeconds, 0),
      ("idle_seconds", idleSeconds, 0),
      ("retries", retries.toDouble, 0)
    ) if !(value >= least)
  )
    throw new CaffeException(
      Status.INVALID_ARGUMENT,
      s"$name must be at least $least, not ${value.toString.stripSuffix(".0")}"
    )
}

object TrainerOptions {

  /** From options by their names in Python, such as `wait_seconds`, each of which may be missing. */
  def from(chosen: JavaMap[String, Object]): TrainerOptions = {
    val options = new Options(
      chosen,
      "seed",
      "threads",
      "wait_seconds",
      "window_mb",
      "keep_seconds",
      "idle_seconds",
      "retries",
      "wire_precision"
    )
    val default = TrainerOptions()
    TrainerOptions(
      options.long("seed", default.seed),
      options.int("threads", default.threads),
      options.int("wait_seconds", default.waitSeconds),
      options.int("window_mb", default.windowMb),
      options.double("keep_seconds", default.keepSeconds),
      options.double("idle_seconds", default.idleSeconds),
      options.int("retries", default.retries),
      options.string("wire_precision", default.wirePrecision)
    )
  }
}
