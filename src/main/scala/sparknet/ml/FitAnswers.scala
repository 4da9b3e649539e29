package sparknet.ml

import org.apache.spark.sparknet.ConsoleBars
import org.apache.spark.sql.Dataset

import sparknet.train.Answers

/** What `fit` of an estimator does, one thing at a time and as text, for Python, which shows how far it
  * is and may end it.
  *
  * @param hides
  *   whether Spark's own bars on the terminal are hidden until the end
  */
final class FitAnswers[M <: CaffeModel[M]](
    estimator: CaffeEstimator[M],
    rows: Dataset[_],
    hides: Boolean
) extends AutoCloseable {
  private val fitting = estimator.fitting(rows, Nil, keeps = true)
  if (hides) fitting.hold(ConsoleBars.hide(rows.sparkSession.sparkContext))(_.close())

  /** Looks at the rows; images to train on in all. */
  def begin(): Double = fitting.begin()

  /** What was done, as [[sparknet.train.Answers.next]] has it. */
  def next(): String = Answers.told(fitting.next(), fitting.notices())

  /** As [[sparknet.io.Notices.take]] has them. */
  def notices(): String = fitting.notices()

  def model(): M = fitting.model()

  /** Ends it, from any thread. */
  override def close(): Unit = fitting.close()
}
