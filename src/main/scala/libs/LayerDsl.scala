package libs

import scala.collection.JavaConverters._

import caffe.Caffe._

/** The phase in which a layer is part of the net. */
object Include extends Enumeration {
  type Include = Value
  val Train, Test = Value
}

object Pooling extends Enumeration {
  type Pooling = Value
  val Max, Ave = Value
}

/** A layer whose values Spark delivers (type JavaData). */
object RDDLayer {

  /** @param shape
    *   extents of the top, minibatch size first
    */
  def apply(
      name: String,
      shape: List[java.lang.Long],
      include: Option[Include.Include]
  ): LayerParameter = {
    val dims = BlobShape.newBuilder().addAllDim(shape.asJava)
    val layer = LayerDsl
      .layer("JavaData", name, Nil)
      .setJavaDataParam(JavaDataParameter.newBuilder().setShape(dims))
    include.foreach { phase =>
      val rule = NetStateRule.newBuilder()
      layer.addInclude(rule.setPhase(if (phase == Include.Train) Phase.TRAIN else Phase.TEST))
    }
    layer.build()
  }
}

object ConvolutionLayer {

  /** @param kernel
    *   height and width
    */
  def apply(
      name: String,
      bottom: List[String],
      kernel: (Int, Int),
      numOutput: Int
  ): LayerParameter = {
    val param = ConvolutionParameter.newBuilder().setNumOutput(numOutput)
    LayerDsl
      .layer("Convolution", name, bottom)
      .setConvolutionParam(param.setKernelH(kernel._1).setKernelW(kernel._2))
      .build()
  }
}

object PoolingLayer {

  /** @param kernel
    *   height and width
    * @param stride
    *   down and across
    */
  def apply(
      name: String,
      bottom: List[String],
      pooling: Pooling.Pooling,
      kernel: (Int, Int),
      stride: (Int, Int)
  ): LayerParameter = {
    val param = PoolingParameter.newBuilder()
    val largest = pooling == Pooling.Max
    param.setPool(if (largest) PoolingParameter.PoolMethod.MAX else PoolingParameter.PoolMethod.AVE)
    param.setKernelH(kernel._1).setKernelW(kernel._2).setStrideH(stride._1).setStrideW(stride._2)
    LayerDsl.layer("Pooling", name, bottom).setPoolingParam(param).build()
  }
}

object InnerProductLayer {
  def apply(name: String, bottom: List[String], numOutput: Int): LayerParameter =
    LayerDsl
      .layer("InnerProduct", name, bottom)
      .setInnerProductParam(InnerProductParameter.newBuilder().setNumOutput(numOutput))
      .build()
}

object ReLULayer {
  def apply(name: String, bottom: List[String]): LayerParameter =
    LayerDsl.layer("ReLU", name, bottom).setReluParam(ReLUParameter.newBuilder()).build()
}

object SoftmaxWithLoss {
  def apply(name: String, bottom: List[String]): LayerParameter =
    LayerDsl
      .layer("SoftmaxWithLoss", name, bottom)
      .setLossParam(LossParameter.newBuilder())
      .setSoftmaxParam(SoftmaxParameter.newBuilder())
      .build()
}

object NetParam {
  def apply(name: String, layers: LayerParameter*): NetParameter =
    NetParameter.newBuilder().setName(name).addAllLayer(layers.asJava).build()
}

/** What all layers of the DSL have in common: one top, of the layer's own name. */
private[libs] object LayerDsl {
  def layer(kind: String, name: String, bottom: List[String]): LayerParameter.Builder =
    LayerParameter
      .newBuilder()
      .setType(kind)
      .setName(name)
      .addAllBottom(bottom.asJava)
      .addTop(name)
}
