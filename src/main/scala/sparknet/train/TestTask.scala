package sparknet.train

import org.apache.spark.broadcast.Broadcast

import sparknet.data.{Items, Minibatches, PrefetchFeed, Preprocessing}
import sparknet.jna.{CaffeException, Status}

/** What one worker's test items gave: for each output the sum over the items. */
private[train] final case class TestShare(
    items: Long,
    outputs: Array[String],
    sums: Array[Double],
    failure: Option[Failure]
)

/** A worker's part of a test: each item of its partition once. */
private[train] final class TestTask(
    crew: Crew,
    start: Broadcast[Start],
    preprocessing: Preprocessing
) extends Serializable {

  def apply(worker: Int, items: Items): TestShare = {
    val from = start.value
    if (items.size == 0) TestShare(0, Array.empty, Array.empty, None)
    else
      crew
        .withNet(worker, from, "in the test") { (net, _) =>
          val input = net.testInput.getOrElse(
            throw new CaffeException(Status.STATE, "the solver has no test net")
          )
          val feed = new PrefetchFeed(
            new Minibatches(
              items,
              Iterator.range(0, items.size),
              preprocessing,
              input.batch,
              input.itemSize
            )
          )
          val sums =
            try {
              val whole = run(net, feed, items.size / input.batch, input.batch)
              val rest = run(net, feed, 1, items.size % input.batch)
              whole.zip(rest).map { case (a, b) => a + b }
            } finally feed.close()
          TestShare(items.size.toLong, net.testOutputs, sums, None)
        }
        .fold(failure => TestShare(0, Array.empty, Array.empty, Some(failure)), identity)
  }

  /** A minibatch's outputs are means over its items, so they count as often as it has items. */
  private def run(net: WorkerNet, feed: PrefetchFeed, batches: Int, size: Int): Array[Double] =
    if (batches == 0 || size == 0) new Array[Double](net.testOutputs.length)
    else net.test(feed, batches, size).map(_ * size)
}
