package sparknet.train

import org.apache.spark.broadcast.Broadcast

import sparknet.data.{BadRecords, Minibatches, PrefetchFeed, Stock, TaskThread}
import sparknet.jna.{CaffeException, Status}

/** What one worker's test items gave: for each output the sum over the items. */
private[train] final case class TestShare(
    items: Long,
    outputs: Array[String],
    sums: Array[Double],
    leftOut: BadRecords,
    failure: Option[Failure]
)

/** A worker's part of a test: each of its items once. */
private[train] final class TestTask(crew: Crew, start: Broadcast[Start], supply: Supply)
    extends Serializable {

  def apply(worker: Int, items: Stock): TestShare = {
    val from = start.value
    if (items.size == 0) TestShare(0, Array.empty, Array.empty, BadRecords.empty, None)
    else
      crew
        .withNet(worker, from, "in the test") { lease =>
          val net = lease.net
          val input = net.testInput.getOrElse(
            throw new CaffeException(Status.STATE, "the solver has no test net")
          )
          var leftOut = BadRecords.empty
          val feed = new PrefetchFeed(
            new Minibatches(
              items.inOrder,
              supply.shape,
              supply.preprocessing,
              supply.augmentation,
              input.batch,
              badItems = bad => leftOut += bad
            ),
            TaskThread.joining()
          )
          val sums = new Array[Double](net.testOutputs.length)
          var tested = 0L
          try {
            // A minibatch's outputs are means over its items, so they count as often as it has some.
            var size = feed.current().size
            while (size > 0) {
              Failure.stopIfKilled()
              val outputs = net.test(feed, 1, size)
              for (i <- sums.indices) sums(i) += outputs(i) * size
              tested += size
              size = feed.current().size
            }
          } finally feed.close()
          TestShare(tested, net.testOutputs, sums, leftOut, None)
        }
        .fold(
          failure => TestShare(0, Array.empty, Array.empty, BadRecords.empty, Some(failure)),
          identity
        )
  }
}
