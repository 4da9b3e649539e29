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
    val given = params.get(params.solver)
    val base = given.fold(SolverParameter.getDefaultInstance)(solver)
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
    if (given.isEmpty && !result.hasMomentum && Set("SGD", "Nesterov", "Adam")(kind))
      result.setMomentum(0.9f)
    if (kind == "AdaDelta" && !result.hasMomentum) result.setMomentum(0.95f)
    result.build
  }

  /** A net from prototxt, or from the path of one. */
  def net(given: String): NetParameter =
    if (isText(given)) Engine.parseNetText(given) else Engine.parseNet(existing(given))

  /** The net that a solver has or names. */
  def netOf(given: String): Option[String] = {
    val own = solver(given)
    if (own.hasNetParam) Some(Engine.toText(own.getNetParam))
    else if (own.hasTrainNetParam) Some(Engine.toText(own.getTrainNetParam))
    else Seq(own.getNet, own.getTrainNet).find(_.nonEmpty)
  }

  private def solver(given: String): SolverParameter =
    if (isText(given)) Engine.parseSolverText(given) else Engine.parseSolver(existing(given))

  // As Python's sparknet.spec tells them apart.
  private def isText(given: String): Boolean =
    given.exists(c => c == '\n' || c == '{') || given.matches("""\s*\w+\s*:\s*\S.*""")

  private def existing(path: String): String = {
    if (!Files.exists(Paths.get(path)))
      throw new CaffeException(Status.IO, s"there is no file $path")
    path
  }
}
