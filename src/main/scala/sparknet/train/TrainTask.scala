package sparknet.train

import org.apache.spark.broadcast.Broadcast

import sparknet.data.{EpochWalk, Items, Minibatches, PrefetchFeed, Preprocessing}
import sparknet.io.PackedFloats
import sparknet.jna.{CaffeException, Status}

/** What one worker did in a round. */
private[train] final case class Share(
    worker: Int,
    executor: String,
    images: Long,
    lossSum: Double,
    fresh: Boolean,
    weights: Option[PackedFloats],
    failure: Option[Failure]
) {
  def withoutWeights: Share = copy(weights = None)
}

/** A worker's part of a round: `tau` steps on its partition from the weights that were sent. */
private[train] final class TrainTask(
    crew: Crew,
    start: Broadcast[Start],
    tau: Int,
    preprocessing: Preprocessing
) extends Serializable {

  def apply(worker: Int, items: Items): Share = {
    val from = start.value // before what counts as the user's failure: Spark's own are its to retry
    val nothing = Share(worker, Failure.executor, 0, 0, false, None, None)
    if (items.size == 0) nothing
    else {
      var iteration = from.iteration
      crew
        .withNet(worker, from, s"in iteration $iteration") { (net, fresh) =>
          val input = net.trainInput
          val perStep = input.batch.toLong * net.minibatchesPerIteration
          val order = new EpochWalk(items.size, worker, crew.seed).from(from.iteration * perStep)
          val feed = new PrefetchFeed(
            new Minibatches(items, order, preprocessing, input.batch, input.itemSize)
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
          nothing.copy(
            images = images,
            lossSum = losses / tau * images,
            fresh = fresh,
            weights = Some(PackedFloats(weights))
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
