package sparknet.train

import scala.collection.JavaConverters._

import caffe.Caffe.{NetParameter, SolverParameter}

import sparknet.jna.{CaffeException, Engine, NativeNet, NativeSolver, Status}

/** Nets of the native engine, made from a solver. Files that it names are read here, on the driver. */
private[train] final class NativeModel private (solver: Array[Byte]) extends Model {

  def this(solver: SolverParameter) = this(NativeModel.selfContained(solver).toByteArray)

  override def newWorker(seed: Long, threads: Int): WorkerNet = {
    val own = parsed
      .setRandomSeed(seed)
      .setDisplay(0) // workers' losses go to the driver
      .clearWeights() // they come with the first broadcast
    new NativeWorkerNet(new NativeSolver(own.build, threads), own.getIterSize)
  }

  override def newMaster(seed: Long): MasterNet = {
    val own = parsed.setRandomSeed(seed)
    new NativeMasterNet(new NativeSolver(own.build, 1), own.getIterSize)
  }

  override def name: String = {
    val own = parsed
    if (own.hasNetParam) own.getNetParam.getName else own.getTrainNetParam.getName
  }

  private def parsed: SolverParameter.Builder = SolverParameter.parseFrom(solver).toBuilder
}

private[train] object NativeModel {

  /** The solver with its nets in it, and without snapshots, which are the trainer's. */
  private def selfContained(solver: SolverParameter): SolverParameter = {
    val result = solver.toBuilder.clearSnapshot().clearSnapshotPrefix().setSnapshotAfterTrain(false)
    if (solver.hasNet) result.clearNet().setNetParam(Engine.parseNet(solver.getNet))
    if (solver.hasTrainNet)
      result.clearTrainNet().setTrainNetParam(Engine.parseNet(solver.getTrainNet))
    // The engine takes nets given as messages first, then those given as files: the order stays.
    solver.getTestNetList.asScala.foreach(net => result.addTestNetParam(Engine.parseNet(net)))
    result.clearTestNet().build
  }

  /** What the net's JavaData layers take. */
  def input(net: NativeNet, built: NetParameter): NetInput =
    net.feedShapes match {
      case tops @ Array((first, dims), rest @ _*) =>
        for ((name, shape) <- rest if shape(0) != dims(0))
          throw new CaffeException(
            Status.SHAPE,
            s"layer '$name' takes data of ${shape(0)} items, and layer '$first' of ${dims(0)}"
          )
        NetInput(tops.toSeq.map { case (name, shape) => DataTop(name, shape.drop(1)) }, dims(0))
      case _ =>
        val sources = built.getLayerList.asScala.filter(_.getBottomCount == 0)
        throw new CaffeException(
          Status.BAD_NET,
          "the net has no JavaData layer that could take data from Spark; its data come from " +
            sources.map(l => s"'${l.getName}' (${l.getType})").mkString(", ") +
            ". replaceDataLayers puts JavaData layers in their place."
        )
    }
}
