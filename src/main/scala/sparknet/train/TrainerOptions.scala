package sparknet.train

import java.util.{Map => JavaMap}

import scala.collection.JavaConverters._

import sparknet.jna.{CaffeException, Status}

/** Knobs of training on Spark.
  *
  * @param seed
  *   of first weights, of the order of the data and of what is random in the nets; below 0: the
  *   solver's `random_seed`, and without one a new one each time
  * @param threads
  *   of each worker's net; 0: as many as a task has cores (`spark.task.cpus`), in local mode all
  *   cores divided by the tasks that run at a time
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
  def from(options: JavaMap[String, Object]): TrainerOptions =
    options.asScala.foldLeft(TrainerOptions()) {
      case (result, ("seed", n))         => result.copy(seed = long("seed", n))
      case (result, ("threads", n))      => result.copy(threads = int("threads", n))
      case (result, ("wait_seconds", n)) => result.copy(waitSeconds = int("wait_seconds", n))
      case (result, ("window_mb", n))    => result.copy(windowMb = int("window_mb", n))
      case (_, (unknown, _)) =>
        throw new CaffeException(
          Status.INVALID_ARGUMENT,
          s"there is no option '$unknown'; there are seed, threads, wait_seconds and " +
            "window_mb"
        )
    }

  private def long(name: String, value: Any): Long = value match {
    case n: java.lang.Long    => n
    case n: java.lang.Integer => n.toLong
    case other =>
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        s"option $name is not a whole number: $other"
      )
  }

  private def int(name: String, value: Any): Int = {
    val number = long(name, value)
    if (number != number.toInt)
      throw new CaffeException(Status.INVALID_ARGUMENT, s"option $name is too large: $number")
    number.toInt
  }
}
