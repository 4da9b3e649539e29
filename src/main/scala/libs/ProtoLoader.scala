package libs

import scala.collection.JavaConverters._

import caffe.Caffe.{LayerParameter, NetParameter, SolverParameter}
import sparknet.jna.Engine
import sparknet.net.DataLayers

/** Reads prototxts and puts nets and solvers together. */
object ProtoLoader {
  def loadSolverPrototxt(filename: String): SolverParameter = Engine.parseSolver(filename)

  def loadNetPrototxt(filename: String): NetParameter = Engine.parseNet(filename)

  /** A solver from a file, with its net replaced.
    *
    * @param snapshotPath
    *   prefix of snapshots; None takes the periodic snapshots out
    */
  def loadSolverPrototxtWithNet(
      solverFilename: String,
      netParameter: NetParameter,
      snapshotPath: Option[String]
  ): SolverParameter = {
    val solver = loadSolverPrototxt(solverFilename).toBuilder
    snapshotPath match {
      case Some(prefix) => solver.setSnapshotPrefix(prefix)
      case None         => solver.clearSnapshot().clearSnapshotPrefix()
    }
    // A solver has its train net from one field only.
    solver.clearNet().clearTrainNet().clearTrainNetParam().setNetParam(netParameter).build()
  }

  /** As [[loadSolverPrototxtWithNet]], with both from files. */
  def loadSolverWithNetPrototxt(
      solverFilename: String,
      netFilename: String,
      snapshotPath: Option[String]
  ): SolverParameter =
    loadSolverPrototxtWithNet(solverFilename, loadNetPrototxt(netFilename), snapshotPath)

  /** Replaces the layers that read data by "data" (images) and "label" of type JavaData, in front,
    * for each phase; in each phase they are layers 0 and 1. A net without a layer that is known to
    * read data loses its first two layers.
    */
  def replaceDataLayers(
      netParameter: NetParameter,
      trainBatchSize: Int,
      testBatchSize: Int,
      numChannels: Int,
      height: Int,
      width: Int
  ): NetParameter = {
    val layers = netParameter.getLayerList.asScala
    val (data, others) =
      layers.partition(layer => DataLayers.reads(layer) || layer.getType == "JavaData")
    val rest = if (data.nonEmpty) others else layers.drop(2)

    def dataLayers(batch: Int, phase: Include.Include): Seq[LayerParameter] = Seq(
      RDDLayer("data", List(batch, numChannels, height, width), Some(phase)),
      RDDLayer("label", List(batch, 1), Some(phase))
    )
    val all =
      dataLayers(testBatchSize, Include.Test) ++ dataLayers(trainBatchSize, Include.Train) ++ rest
    netParameter.toBuilder.clearLayer().addAllLayer(all.asJava).build()
  }
}
