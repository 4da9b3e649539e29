package sparknet.seen

/** The trainings of an application, the newest ones of very many. */
final class Trainings {
  private var all = Vector.empty[TrainingSeen]

  def add(training: TrainingSeen): Unit = synchronized {
    all :+= training
    while (all.length > Trainings.most) {
      val first = math.max(0, all.indexWhere(_.hasEnded))
      all = all.patch(first, Nil, 1)
    }
  }

  /** The newest first. */
  def look(): Vector[TrainingView] = synchronized(all).reverse.map(_.look())

  def find(id: Long): Option[TrainingView] = synchronized(all.find(_.id == id)).map(_.look())
}

object Trainings {
  val most = 50
}
