package sparknet.ml

import java.nio.file.{Files, Paths}

import caffe.Caffe.{NetParameter, SolverParameter}

import sparknet.jna.{CaffeException, Engine, Status}

/** Solvers and nets from what users say of them. */
private[ml] object Solvers {

  /** Caffe's six. */
  val names: Seq[String] = Seq("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")

  // What each one's paper or Caffe's own examples begin with.
  private def rate(kind: String): Float = kind match {
    case "Adam" | "RMSProp" => 0.001f
    case "AdaDelta"         => 1f
    case _                  => 0.01f
  }

  /** The solver for a net that Spark feeds.
    *
    * @param tests
    *   whether it has a test net
    */
  def of(params: TrainingParams, net: NetParameter, tests: Boolean): SolverParameter = {
    val stated = params.get(params.solver)
    val base = stated.fold(SolverParameter.getDefaultInstance)(solver)
    val result = base.toBuilder
      .clearNet()
      .clearTrainNet()
      .clearTrainNetParam()
      .clearTestNet()
      .clearTestNetParam()
      .clearTestIter()
      .clearTestInterval()
      .clearTestState()
      .clearSnapshot()
      .clearSnapshotPrefix()
      .clearSolverMode() // there is one
      .setNetParam(net)
    if (tests) result.addTestIter(1).setTestInterval(Int.MaxValue)
    for (name <- params.get(params.optimizer))
      result.setType(names.find(_.equalsIgnoreCase(name)).get)
    for (value <- params.get(params.learningRate)) result.setBaseLr(value.toFloat)
    for (value <- params.get(params.momentum)) result.setMomentum(value.toFloat)
    for (value <- params.get(params.weightDecay)) result.setWeightDecay(value.toFloat)
    val kind = result.getType
    if (!result.hasBaseLr) result.setBaseLr(rate(kind))
    if (!result.hasLrPolicy) result.setLrPolicy("fixed")
    if (stated.isEmpty && !result.hasMomentum && Set("SGD", "Nesterov", "Adam")(kind))
      result.setMomentum(0.9f)
    if (kind == "AdaDelta" && !result.hasMomentum) result.setMomentum(0.95f)
    result.build
  }

  /** A net from prototxt, or from the path of one. */
  def net(stated: String): NetParameter =
    if (isText(stated)) Engine.parseNetText(stated) else Engine.parseNet(existing(stated))

  /** The net that a solver has or names. */
  def netOf(stated: String): Option[String] = {
    val own = solver(stated)
    if (own.hasNetParam) Some(Engine.toText(own.getNetParam))
    else if (own.hasTrainNetParam) Some(Engine.toText(own.getTrainNetParam))
    else Seq(own.getNet, own.getTrainNet).find(_.nonEmpty)
  }

  private def solver(stated: String): SolverParameter =
    if (isText(stated)) Engine.parseSolverText(stated) else Engine.parseSolver(existing(stated))

  // As Python's sparknet.spec tells them apart.
  private def isText(stated: String): Boolean =
    stated.exists(c => c == '\n' || c == '{') || stated.matches("""\s*\w+\s*:\s*\S.*""")

  private def existing(path: String): String = {
    if (!Files.exists(Paths.get(path)))
      throw new CaffeException(Status.IO, s"there is no file $path")
    path
  }
}
