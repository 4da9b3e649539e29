package sparknet.train

import java.nio.ByteBuffer
import java.util.SplittableRandom
import java.util.concurrent.atomic.AtomicReference

import sparknet.data.{BadRecords, Minibatches, PrefetchFeed, RandomPlaces, Stock, TaskThread}
import sparknet.jna.{CaffeException, FloatMemory, Status, WeightsLayout}

/** A logical worker: its items, and where it is in them. A host lends it a net for its turn.
  *
  * @param items
  *   to train on
  * @param testItems
  *   to test on
  * @param stopped
  *   whether what it does is of no use any more; throws if Spark ends the task
  * @param spill
  *   puts on disk what finds no room in memory
  */
private[train] final class Worker(
    plan: HostPlan,
    val number: Int,
    items: => Stock,
    testItems: => Stock,
    stopped: () => Boolean,
    spill: ByteBuffer => Spilled
) extends AutoCloseable {
  private var toTrain = Option.empty[Stock]
  private var toTest = Option.empty[Stock]
  private var feed = Option.empty[Worker.OpenFeed]
  private var tooLate: () => Boolean = () => false // to wait for data in the turn that is running

  private def trainStock: Stock = {
    toTrain = toTrain.orElse(Some(items))
    toTrain.get
  }

  private def testStock: Stock = {
    toTest = toTest.orElse(Some(testItems))
    toTest.get
  }

  /** One turn: steps from the weights, and what they come to.
    *
    * @param into
    *   gets the weights, if the result says so by its images
    * @return
    *   None: no data came in time, or nobody waits for it
    */
  def train(
      work: Train,
      turn: Turn,
      momentum: Option[FloatMemory],
      weights: FloatMemory,
      into: FloatMemory
  ): Option[WorkerResult] = {
    val nothing = WorkerResult(
      number,
      Failure.executor,
      steps = 0,
      images = 0,
      turn.position,
      lossSum = 0,
      fresh = false,
      plan.threads,
      BadRecords.empty,
      vector = None,
      failure = None
    )
    if (trainStock.size == 0) return Some(nothing)
    val entered = System.nanoTime
    val supply = plan.train.get
    var iteration = work.iteration
    val done = plan.withNet(number, s"in iteration $iteration", spill) { lease =>
      val net = lease.net
      lease.begin(work.round, momentum)
      net.writeWeights(weights)
      net.setIteration(iteration)
      net.setLearningRate(work.rate)
      // Of its own for each turn: it depends neither on the net nor on what was drawn before.
      net.setSeed(Worker.seed(plan.seed, number, turn.position))
      val perStep = net.trainInput.batch.toLong * net.minibatchesPerIteration
      val opened = openAt(turn.position, supply, net.trainInput.batch)
      val before = opened.leftOut.get
      val waited = opened.feed.waitedSeconds
      val begin = System.nanoTime
      def passed = (System.nanoTime - begin) / 1e9
      tooLate = () => passed > work.duration.waiting
      val most = work.duration.steps
      var lossSum = 0.0
      var steps = 0
      try {
        net.setTrainFeed(opened.feed)
        while (steps < most && (steps == 0 || passed < work.duration.each) && !stopped()) {
          val loss = net.step()
          if (loss.isNaN || loss.isInfinite)
            throw new CaffeException(Status.NUMERIC, s"the loss is $loss")
          lossSum += loss
          iteration += 1
          steps += 1
        }
      } catch {
        // A step that gets no data changes nothing: net and momentum stay of use.
        case thrown: Throwable if PrefetchFeed.isWaitEnded(thrown) => opened.waitEnded = true
      } finally net.setTrainFeed(null) // it would keep the items in memory
      if (steps == 0) None
      else {
        net.readWeights(into)
        if (!into.isFinite)
          throw new CaffeException(
            Status.NUMERIC,
            s"the weights of layer '${Worker.firstNotFinite(into, net.layout)}' are no longer finite (a " +
              "smaller base_lr or clip_gradients may help)"
          )
        val images = perStep * steps
        val leftOut = opened.leftOut.get.since(before)
        if (leftOut.total > supply.maxBadShare * (images + leftOut.total))
          throw new CaffeException(
            Status.INVALID_ARGUMENT,
            leftOut.leftOutOf(images + leftOut.total)
          )
        lease.trained(work.round)
        val feed = opened.feed.waitedSeconds - waited
        val all = (System.nanoTime - entered) / 1e9
        Some(
          nothing.copy(
            steps = steps,
            images = images,
            position = opened.position,
            lossSum = lossSum / steps * images,
            fresh = lease.fresh,
            leftOut = leftOut,
            seconds = TurnSeconds(all - feed, feed, exchange = 0)
          )
        )
      }
    }
    if (done.isLeft) closeFeed() // what it has read ahead is not what comes next
    done.fold(failure => Some(nothing.copy(failure = Some(failure))), identity)
  }

  /** Tests the weights on each item once. */
  def test(weights: FloatMemory): TestResult = {
    val nothing = TestResult(number, 0, Array.empty, Array.empty, BadRecords.empty, None)
    if (testStock.size == 0) return nothing
    val supply = plan.test.get
    plan
      .withNet(number, "in the test", spill) { lease =>
        val net = lease.net
        net.writeWeights(weights)
        val input = net.testInput.getOrElse(
          throw new CaffeException(Status.STATE, "the solver has no test net")
        )
        var leftOut = BadRecords.empty
        val feed = new PrefetchFeed(
          new Minibatches(
            testStock.inOrder,
            supply.shape,
            supply.preprocessing,
            supply.augmentation,
            input.batch,
            badItems = bad => leftOut += bad,
            labelling = supply.labelling
          ),
          TaskThread.joining(),
          stopped
        )
        val sums = new Array[Double](net.testOutputs.length)
        var items = 0L
        try {
          // A minibatch's outputs are means over its items, so they count as often as it has some.
          var size = feed.current().size
          while (size > 0 && !stopped()) {
            val outputs = net.test(feed, 1, size)
            for (i <- sums.indices) sums(i) += outputs(i) * size
            items += size
            size = feed.current().size
          }
        } catch {
          case thrown: Throwable if PrefetchFeed.isWaitEnded(thrown) => ()
        } finally if (!feed.stop()) toTest = None
        TestResult(number, items, net.testOutputs, sums, leftOut, None)
      }
      .fold(failure => nothing.copy(failure = Some(failure)), identity)
  }

  /** Lets go of what it has read ahead. A stock from which something is still being read, because what
    * it reads does not answer, is left to that.
    */
  def closeFeed(): Unit = {
    if (!feed.forall(_.feed.stop())) toTrain = None
    feed = None
  }

  override def close(): Unit = closeFeed()

  private def openAt(position: Long, supply: Supply, batch: Int): Worker.OpenFeed = {
    // After a turn that came to nothing it is ahead. What failed when nobody waited for it any more is
    // read anew by who wants it now.
    if (!feed.exists(f => f.position == position && !(f.waitEnded && f.feed.hasFailed))) {
      closeFeed()
      val leftOut = new AtomicReference(BadRecords.empty)
      feed = Some(
        new Worker.OpenFeed(
          new PrefetchFeed(
            new Minibatches(
              trainStock.shuffled(position, supply.window, number, plan.seed),
              supply.shape,
              supply.preprocessing,
              supply.augmentation,
              batch,
              new RandomPlaces(plan.seed, number, position),
              bad => { leftOut.updateAndGet(_ + bad); () },
              supply.labelling
            ),
            TaskThread.joining(),
            () => stopped() || tooLate()
          ),
          leftOut,
          position
        )
      )
    }
    feed.get.waitEnded = false
    feed.get
  }
}

private[train] object Worker {

  /** The layer of the first weight that is infinite or not a number. */
  private def firstNotFinite(weights: FloatMemory, layout: WeightsLayout): String = {
    val values = weights.floats
    val place = (0 until values.limit()).indexWhere { i =>
      val value = values.get(i)
      value.isNaN || value.isInfinite
    }
    layout.entries.filter(_.offset <= place).last.layer
  }

  /** Stays open from turn to turn, one minibatch ahead.
    *
    * @param leftOut
    *   what the feed's thread has left out so far
    */
  private final class OpenFeed(
      val feed: PrefetchFeed,
      val leftOut: AtomicReference[BadRecords],
      start: Long
  ) {
    def position: Long = start + feed.taken

    /** Whether the last turn ended while it waited for a minibatch. */
    var waitEnded: Boolean = false
  }

  /** Seed of what is random in a net during a turn. */
  def seed(seed: Long, worker: Int, position: Long): Long =
    new SplittableRandom(new SplittableRandom(seed + 31L * worker).nextLong() ^ position)
      .nextLong() &
      Long.MaxValue
}
