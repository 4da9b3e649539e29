package sparknet.train

import org.apache.spark.broadcast.Broadcast

import sparknet.data.{BadRecords, Minibatches, PrefetchFeed, RandomPlaces, Stock, TaskThread}
import sparknet.jna.{CaffeException, Status}

/** What one worker did in a round. */
private[train] final case class Share(
    worker: Int,
    executor: String,
    images: Long,
    lossSum: Double,
    fresh: Boolean,
    threads: Int,
    weights: Option[Array[Float]],
    leftOut: BadRecords,
    failure: Option[Failure]
) {
  def withoutWeights: Share = copy(weights = None)

  /** What it adds to the round's mean. */
  def mean: WeightedMean =
    failure.fold(weights.fold(WeightedMean.empty)(WeightedMean.of(worker, _, images)))(
      WeightedMean.lacking
    )
}

/** A worker's part of a round: `tau` steps on its items from the weights that were sent. */
private[train] final class TrainTask(
    crew: Crew,
    start: Broadcast[Start],
    tau: Int,
    supply: Supply
) extends Serializable {

  def apply(worker: Int, items: Stock): Share = {
    val from = start.value // before what counts as the user's failure: Spark's own are its to retry
    val nothing =
      Share(worker, Failure.executor, 0, 0, false, crew.threads, None, BadRecords.empty, None)
    if (items.size == 0) nothing
    else {
      var iteration = from.iteration
      var leftOut = BadRecords.empty
      crew
        .withNet(worker, from, s"in iteration $iteration") { lease =>
          val net = lease.net
          val input = net.trainInput
          val perStep = input.batch.toLong * net.minibatchesPerIteration
          val position = from.iteration * perStep
          val feed = new PrefetchFeed(
            new Minibatches(
              items.shuffled(position, supply.window, worker, crew.seed),
              supply.shape,
              supply.preprocessing,
              supply.augmentation,
              input.batch,
              new RandomPlaces(crew.seed, worker, position),
              bad => leftOut += bad
            ),
            TaskThread.joining()
          )
          val losses =
            try {
              net.setTrainFeed(feed)
              Iterator
                .fill(tau) {
                  Failure.stopIfKilled()
                  val loss = net.step()
                  if (loss.isNaN || loss.isInfinite)
                    throw new CaffeException(Status.NUMERIC, s"the loss is $loss")
                  iteration += 1
                  loss
                }
                .map(_.toDouble)
                .sum
            } finally {
              feed.close()
              net.setTrainFeed(null) // it would keep the items in memory
            }
          val weights = net.readWeights()
          if (!TrainTask.finite(weights))
            throw new CaffeException(Status.NUMERIC, "the weights are no longer finite")
          val images = perStep * tau
          // The feed's thread has ended: what it counted can be read.
          if (leftOut.total > supply.maxBadShare * (images + leftOut.total))
            throw new CaffeException(
              Status.INVALID_ARGUMENT,
              leftOut.leftOutOf(images + leftOut.total)
            )
          lease.trained(from.round)
          nothing.copy(
            images = images,
            lossSum = losses / tau * images,
            fresh = lease.fresh,
            weights = Some(weights),
            leftOut = leftOut
          )
        }
        .fold(failure => nothing.copy(failure = Some(failure)), identity)
    }
  }
}

private[train] object TrainTask {

  /** Whether no value is infinite or not a number. */
  def finite(values: Array[Float]): Boolean = {
    var zero = 0f // anything finite times 0 leaves it 0
    var i = 0
    while (i < values.length) {
      zero += values(i) * 0f
      i += 1
    }
    zero == 0f
  }
}
