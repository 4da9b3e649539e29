package sparknet.ml

import java.nio.file.{Files, Path, Paths}

import scala.collection.JavaConverters._
import scala.collection.mutable.ArrayBuffer

import caffe.Caffe.NetParameter
import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.DefaultParamsWritable
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, Dataset}

import sparknet.data.{Columns, Dataset => Items}
import sparknet.io.BulkTransfer
import sparknet.jna.{CaffeException, Status}
import sparknet.train.{BestWeights, CheckpointPlan, EarlyStopping, FitOver, FitPlan, RoundDone}
import sparknet.train.{TestDone, Trainer, TrainerOptions}

/** Trains a net on the rows of a DataFrame: the workers hold parts of them, train for `tau` steps, and
  * average their weights.
  */
abstract class CaffeEstimator[M <: CaffeModel[M]]
    extends Estimator[M]
    with TrainingParams
    with DefaultParamsWritable {

  /** Type of the loss of a net that has none. */
  private[ml] def defaultLoss: String

  /** The schema with the columns that the model adds. */
  private[ml] def addedTo(schema: StructType): StructType

  /** @param names
    *   of the classes
    */
  private[ml] def model(head: Head, net: TrainedNet, names: Array[String]): M

  override def fit(dataset: Dataset[_]): M = {
    transformSchema(dataset.schema)
    val parts = NetParts.of(given)
    completed(parts).fitted(dataset.toDF(), parts)
  }

  override def transformSchema(schema: StructType): StructType = {
    val others = Seq(weightCol, validationIndicatorCol).filter(has).map($(_))
    (columns ++ Seq($(labelCol)) ++ others).foreach(InputColumns.check(schema, _))
    addedTo(schema)
  }

  private def given = {
    val net = get(this.net).orElse(get(solver).flatMap(Solvers.netOf))
    Solvers.net(net.getOrElse(invalid("there is no net: set net, or a solver that names one")))
  }

  /** With what the net's own data layer says where nothing else is said. */
  private def completed(parts: NetParts): CaffeEstimator[M] = {
    val own = copy(ParamMap.empty).asInstanceOf[CaffeEstimator[M]]
    for (transform <- parts.transform) {
      if (!isSet(crop) && transform.getCropSize > 0) own.setCrop(Array(transform.getCropSize))
      if (!isSet(mirror) && transform.getMirror) own.setMirror(true)
      if (!isSet(scale) && transform.hasScale) own.setScale(transform.getScale.toDouble)
      if (!isSet(mean) && transform.getMeanValueCount > 0) {
        val values = transform.getMeanValueList.asScala.map(_.toDouble).toArray // blue first
        own.setMean(if ($(channelOrder) == "rgb") values.reverse else values)
      }
    }
    if (!isSet(batchSize)) parts.batch.foreach(own.setBatchSize)
    own
  }

  private def fitted(frame: DataFrame, parts: NetParts): M = {
    val sc = frame.sparkSession.sparkContext
    val labels = Labels.of(frame, $(labelCol))
    val input = InputColumns.of(this, frame, parts.inputs, parts.shapeOf)
    val forms = new NetForms(parts, input.inputs.map(_._2))
    val head = Head.of(parts, defaultLoss)
    val outputs = forms.shapeOf(head.raw)
    val labelCount =
      if (head.takesClasses) outputs.product / outputs(head.axis - 1) else outputs.product
    if (head.takesClasses && labelCount != 1)
      throw new CaffeException(
        Status.UNSUPPORTED,
        s"blob '${head.raw}' is ${outputs.mkString("x")} for an item: estimators train nets that " +
          "say one class of it. Train those that label each place with Trainer."
      )
    val batch = get(batchSize).getOrElse(CaffeEstimator.batch)
    val training =
      NetForms.frozen(forms.training(head, batch, labelCount, has(weightCol)), frozenLayers)
    val (train, validation) = split(labels.frame)
    def items(rows: DataFrame) = Items.fromColumns(
      rows,
      input.columns,
      Some(labels.column),
      labelCount,
      if (has(weightCol)) Some($(weightCol)) else None,
      skips,
      bgr = bgr
    )
    val trainItems = items(train)
    val validationItems = validation.map(items)
    try {
      val workers = get(numWorkers).getOrElse(Trainer.defaultWorkers(sc))
      val solver = Solvers.of(this, training, validation.nonEmpty)
      val options =
        TrainerOptions(seed = $(seed) & Int.MaxValue, threads = get(threads).getOrElse(0))
      val trainer = new Trainer(sc, solver, workers, options)
      try {
        for (place <- get(weights)) trainer.loadWeights(place)
        val transforms = preprocessing(input.shape)
        trainer.setTrainData(trainItems, transforms, augmentation($(mirror)))
        validationItems.foreach(trainer.setTestData(_, transforms, augmentation(mirror = false)))
        val run = new Run(trainer, trainItems.count(), workers.toLong * batch, forms.lossTop)
        val net = run.result(forms.deploy(Seq(head.raw), forms.likely(head)))
        val made = model(head, net, labels.names).setParent(this)
        made.rounds = run.rounds
        made
      } finally trainer.close()
    } finally (trainItems +: validationItems.toSeq).foreach(_.unpersist())
  }

  private def frozenLayers: Seq[String] = get(freeze).fold(Seq.empty[String])(_.toSeq)

  /** Rows to train on, and those to look at, if there are any. */
  private def split(frame: DataFrame): (DataFrame, Option[DataFrame]) =
    if (has(validationIndicatorCol)) {
      val indicator = Columns.quoted($(validationIndicatorCol))
      (frame.where(!indicator), Some(frame.where(indicator)))
    } else if (isSet(earlyStoppingRounds))
      invalid("earlyStoppingRounds needs rows to look at: set validationIndicatorCol")
    else (frame, None)

  /** @param images
    *   to train on
    * @param step
    *   images of a step of all workers
    * @param loss
    *   name of the loss among the test's outputs
    */
  private final class Run(trainer: Trainer, images: Long, step: Long, loss: String) {
    private val done = ArrayBuffer.empty[RoundSummary]

    def rounds: Seq[RoundSummary] = done.toVector

    def result(deploy: NetParameter): TrainedNet = {
      train()
      val file = CaffeEstimator.temporary(trainer.layout.count)
      try {
        trainer.saveWeights(file.toString)
        val in = Files.newInputStream(file)
        try TrainedNet.of(deploy, in, "the trained net")
        finally in.close()
      } finally Files.delete(file)
    }

    private def train(): Unit = {
      val perEpoch = math.max(1, math.ceil(images.toDouble / (step * $(tau))).toInt)
      val patience = get(earlyStoppingRounds)
      val tests =
        if (!has(validationIndicatorCol)) FitPlan.never
        else if (patience.nonEmpty) FitPlan.every(1)
        else FitPlan.around(perEpoch)
      val plan = FitPlan(
        $(tau),
        images = $(epochs) * images,
        tests = tests,
        checkpoints = get(checkpoint).map(CheckpointPlan(_, perEpoch, 2))
      )
      val watches = patience.toSeq.flatMap { rounds =>
        Seq(new EarlyStopping(loss, rounds, 0, "min"), new BestWeights(loss, 0, "min"))
      }
      val fit = trainer.fit(plan, watches: _*)
      var event = fit.next()
      while (event != FitOver) {
        event match {
          case RoundDone(r) =>
            done += RoundSummary(r.round, r.iteration, r.loss, r.images, r.seconds, r.workers, None)
          case TestDone(_, scores) =>
            val measured = Option(scores.get(loss)).map(_.toDouble)
            for (last <- done.lastOption)
              done(done.length - 1) = last.copy(validationLoss = measured)
          case _ => ()
        }
        event = fit.next()
      }
    }
  }

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}

private object CaffeEstimator {

  /** Items in a minibatch where nobody says it. */
  private val batch = 32

  private def temporary(weights: Int): Path = {
    val folder = BulkTransfer.directory(4L * weights)
    Files.createTempFile(Paths.get(folder), "trained-", ".caffemodel")
  }
}
