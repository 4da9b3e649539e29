package sparknet.ml

import scala.collection.mutable.ArrayBuffer

import caffe.Caffe.NetParameter
import org.apache.spark.sql.DataFrame

import sparknet.data.{Dataset => Items, Marks}
import sparknet.io.Notices
import sparknet.jna.{CaffeException, Status}
import sparknet.train.{BestWeights, CheckpointPlan, EarlyStopping, Fit, FitEvent, FitPlan, Jobs}
import sparknet.train.{RoundDone, TestDone, TrainListener, Trainer, TrainerOptions}

/** What `fit` of an estimator does, one thing at a time: whoever runs it asks for the next one, as of
  * [[sparknet.train.Fit]]. [[close]] ends it from any thread, and frees what it holds in the cluster.
  *
  * @param estimator
  *   has all that is said of the training
  * @param parts
  *   of its net
  * @param listeners
  *   told of everything, by whom [[next]] is called
  * @param keeps
  *   whether what there is to tell is kept for [[notices]]
  */
private[ml] final class Fitting[M <: CaffeModel[M]](
    estimator: CaffeEstimator[M],
    parts: NetParts,
    frame: DataFrame,
    listeners: Seq[TrainListener],
    keeps: Boolean
) extends AutoCloseable {
  import Fitting._
  import estimator.{get, has}

  private val sc = frame.sparkSession.sparkContext
  private val jobs = new Jobs(sc)
  private val done = ArrayBuffer.empty[RoundSummary]
  private var begun = Option.empty[Begun]
  private var sources = Vector.empty[Notices] // of what there is to tell
  private var held = List.empty[() => Unit] // what frees it, the newest first
  private var ended = false

  /** Looks at the rows and makes the trainer.
    *
    * @return
    *   images to train on in all
    */
  def begin(): Double = {
    val (labels, input) = jobs.run("looking at the columns of a DataFrame") {
      val labels = estimator.labelOf(parts).map(Labels.of(frame, _))
      (labels, InputColumns.of(estimator, frame, parts.inputs, parts.shapeOf))
    }
    val forms = new NetForms(parts, input.inputs.map(_._2))
    val head = Head.of(parts, estimator.defaultLoss)
    val labelCount = if (labels.isEmpty) 0 else labelsOf(head, forms.shapeOf(head.raw))
    val batch = get(estimator.batchSize).getOrElse(itemsOfBatch)
    val weight = if (has(estimator.weightCol)) Some(estimator.getWeightCol) else None
    val frozen = get(estimator.freeze).fold(Seq.empty[String])(_.toSeq)
    val net = NetForms.frozen(forms.training(head, batch, labelCount, weight.nonEmpty), frozen)
    def items(marks: Option[Marks]) = {
      val made = Items.fromColumns(
        labels.fold(frame)(_.frame),
        input.columns,
        labels.map(_.column),
        labelCount,
        weight,
        estimator.skips,
        bgr = estimator.bgr,
        marks = marks
      )
      listen(made.notices)
      hold(made)(_.unpersist())
    }
    val trainItems = items(marked(false))
    val validationItems = marked(true).map(rows => items(Some(rows)))
    val workers = get(estimator.numWorkers).getOrElse(Trainer.defaultWorkers(sc))
    val solver = Solvers.of(estimator, net, validationItems.nonEmpty)
    val options = TrainerOptions(
      seed = estimator.getSeed & Int.MaxValue,
      threads = get(estimator.threads).getOrElse(0)
    )
    val trainer = hold(new Trainer(sc, solver, workers, options))(_.close())
    listen(trainer.notices)
    val report = get(estimator.weights).map(trainer.loadWeights(_))
    report.foreach(trainer.notices.info)
    val transforms = estimator.preprocessing(input.shape)
    trainer.setTrainData(trainItems, transforms, estimator.augmentation(estimator.getMirror))
    val centre = estimator.augmentation(mirror = false)
    validationItems.foreach(trainer.setTestData(_, transforms, centre))
    val (count, loss) = (trainItems.count(), forms.lossTop)
    val deploy = forms.deploy(Seq(head.raw), forms.likely(head))
    val fit = run(trainer, count, workers.toLong * batch, loss)
    val images = estimator.getEpochs * count
    begun = Some(
      Begun(
        trainer,
        fit,
        images,
        loss,
        deploy,
        head,
        labels.fold(Array.empty[String])(_.names),
        report
      )
    )
    images
  }

  /** Does the next thing there is to do, after [[begin]]. */
  def next(): FitEvent = {
    val event = ready.fit.next()
    event match {
      case RoundDone(r) =>
        done += RoundSummary(r.round, r.iteration, r.loss, r.images, r.seconds, r.workers, None)
      case TestDone(_, scores) =>
        val measured = Option(scores.get(ready.loss)).map(_.toDouble)
        for (last <- done.lastOption)
          done(done.length - 1) = last.copy(validationLoss = measured)
      case _ => ()
    }
    event
  }

  /** The model, with the weights as they are. */
  def model(): M = {
    val now = ready
    val made = estimator.model(now.head, TrainedNet.of(now.trainer, now.deploy), now.names)
    made.rounds = done.toVector
    made.report = now.report
    made
  }

  /** What there is to tell since the last call, as [[Notices.take]] has it; from any thread. */
  def notices(): String = synchronized(sources).map(_.take()).filter(_.nonEmpty).mkString("\u0000")

  /** Ends what runs, if anything does, and frees what is held. */
  override def close(): Unit = {
    val all = synchronized {
      ended = true
      val now = held
      held = Nil
      now
    }
    jobs.cancel()
    all.foreach(_())
  }

  /** Holds something until the end, which may have come meanwhile. */
  def hold[A](made: A)(free: A => Unit): A = {
    val late = synchronized {
      if (!ended) held = (() => free(made)) :: held
      ended
    }
    if (late) {
      free(made)
      throw new CaffeException(Status.STATE, "fit was ended while it was running")
    }
    made
  }

  private def ready: Begun =
    begun.getOrElse(throw new CaffeException(Status.STATE, "fit has not begun"))

  private def listen(to: Notices): Unit = {
    if (keeps) to.keep()
    synchronized(sources :+= to)
  }

  /** Values of an item's label. */
  private def labelsOf(head: Head, outputs: Array[Int]): Int = {
    val count = if (head.takesClasses) head.places(outputs) else outputs.product
    if (head.takesClasses && count != 1 && !head.takesPlaces)
      throw new CaffeException(
        Status.UNSUPPORTED,
        s"blob '${head.raw}' is ${outputs.mkString("x")} for an item, and a ${head.loss} takes one " +
          "class of it: for a class at each place train with SoftmaxWithLoss"
      )
    count
  }

  /** The rows to look at, or those to train on; None: all are trained on. */
  private def marked(held: Boolean): Option[Marks] = {
    val column = estimator.validationIndicatorCol
    if (!has(column) && estimator.isSet(estimator.earlyStoppingRounds))
      throw new CaffeException(
        Status.INVALID_ARGUMENT,
        "earlyStoppingRounds needs rows to look at: set validationIndicatorCol"
      )
    if (has(column)) Some(Marks(estimator.getValidationIndicatorCol, held)) else None
  }

  /** @param images
    *   to train on in an epoch
    * @param step
    *   images of a step of all workers
    * @param loss
    *   name of the loss among the test's outputs
    */
  private def run(trainer: Trainer, images: Long, step: Long, loss: String): Fit = {
    val tau = estimator.getTau
    val perEpoch = math.max(1, math.ceil(images.toDouble / (step * tau)).toInt)
    val patience = get(estimator.earlyStoppingRounds)
    val tests =
      if (!has(estimator.validationIndicatorCol)) FitPlan.never
      else if (patience.nonEmpty) FitPlan.every(1)
      else FitPlan.around(perEpoch)
    val plan = FitPlan(
      tau,
      images = estimator.getEpochs * images,
      tests = tests,
      checkpoints = get(estimator.checkpoint).map(CheckpointPlan(_, perEpoch, 2))
    )
    val watches = patience.toSeq.flatMap { rounds =>
      Seq(new EarlyStopping(loss, rounds, 0, "min"), new BestWeights(loss, 0, "min"))
    }
    trainer.fit(plan, watches ++ listeners: _*)
  }
}

private object Fitting {

  /** A trainer that is ready, and what becomes of its net. */
  final case class Begun(
      trainer: Trainer,
      fit: Fit,
      images: Double,
      loss: String,
      deploy: NetParameter,
      head: Head,
      names: Array[String],
      report: Option[String]
  )

  /** Items in a minibatch where nobody says it. */
  val itemsOfBatch = 32
}
