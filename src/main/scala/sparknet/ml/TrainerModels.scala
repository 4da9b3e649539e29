package sparknet.ml

import caffe.Caffe.NetParameter
import org.apache.spark.ml.util.Identifiable

import sparknet.data.{Dataset => Items}
import sparknet.io.BulkTransfer
import sparknet.train.Trainer

/** A trainer's net as a model, with the weights that it has now. */
object TrainerModels {

  /** @param net
    *   the net that is trained, a serialised NetParameter
    * @param shape
    *   of an item, before it is cropped
    * @param mean
    *   subtracted from each item, of its shape; null: nothing
    * @param scale
    *   what items are multiplied with afterwards
    * @param crop
    *   height and width of the part that the net sees; empty: all
    * @return
    *   a [[CaffeClassificationModel]] if the net's labels are classes or yes and no, else a
    *   [[CaffeRegressionModel]]
    */
  def of(
      trainer: Trainer,
      net: Array[Byte],
      shape: Array[Int],
      mean: Array[Float],
      scale: Double,
      crop: Array[Int]
  ): CaffeModel[_] = {
    val parts = NetParts.of(NetParameter.parseFrom(net))
    val head = Head.of(parts, "EuclideanLoss")
    val forms = LoadedNet.forms(parts)
    val trained = TrainedNet.of(trainer, forms.deploy(Seq(head.raw), forms.likely(head)))
    val model: CaffeModel[_] =
      if (head.takesClasses || (head.isMultiLabel && parts.takesLabels))
        new CaffeClassificationModel(Identifiable.randomUID("CaffeClassifier"), trained)
          .setHead(head)
      else {
        val made = new CaffeRegressionModel(Identifiable.randomUID("CaffeRegressor"), trained)
        made.set(made.outputBlob, CaffeRegressor.said(head))
      }
    model.setInputShape(shape)
    if (shape.length == 3 && shape(0) == 3) model.setImageSize(shape.drop(1))
    if (mean != null) model.setMean(mean.map(_.toDouble))
    if (crop.nonEmpty) model.setCrop(crop)
    model.setScale(scale)
  }

  /** What a model says of items, as a job of the trainer's; path of a file with the values, which Python
    * reads and deletes, and the extents of what they are for an item, with NUL between all.
    *
    * @param output
    *   a column that the model adds, or a blob
    */
  def said(trainer: Trainer, model: CaffeModel[_], items: Items, output: String): String = {
    val (values, shape) = trainer.jobs.run("predicting")(model.said(items, output))
    (BulkTransfer.write(values) +: shape.map(_.toString)).mkString("\u0000")
  }
}
