package sparknet.train

import java.util.{Map => JavaMap}

import scala.collection.JavaConverters._

import sparknet.data.BadRecords
import sparknet.jna.FloatMemory

/** 10 images a step; notes what is asked of it. `lost`: averages that come to nothing, by number. */
private[train] final class FakeSteps(lost: Set[Int] = Set.empty) extends FitSteps {
  var calls = Vector.empty[String]
  var failing = false
  private var averages = 0
  private var pending = 0
  private var rounds = 0
  var steps = 0
  var rate = Option.empty[Float]
  var said = Vector.empty[String]
  var written = Option.empty[Float]
  var loss: Int => Float = (_: Int) => 1f
  var scores: Int => Map[String, Float] = i => Map("iteration" -> i.toFloat)

  override def iteration: Int = steps

  override def broadcast(): Unit = calls :+= "broadcast"
  override def train(tau: Int): RoundResult = {
    calls :+= s"train $tau"
    pending = tau
    val next = steps + tau
    val none = Array.empty[Int]
    RoundResult(
      rounds + 1,
      next,
      loss(next),
      10L * tau,
      2,
      1,
      0,
      Array("0"),
      BadRecords.empty,
      none
    )
  }
  override def average(): Boolean = {
    averages += 1
    calls :+= "average"
    if (lost(averages)) false
    else {
      steps += pending
      rounds += 1
      true
    }
  }
  override def test(): JavaMap[String, java.lang.Float] = {
    if (failing) throw new IllegalStateException("no test")
    calls :+= s"test $iteration"
    scores(iteration).map { case (name, value) => name -> Float.box(value) }.asJava
  }
  override def snapshot(prefix: String): Array[String] = {
    calls :+= s"snapshot $prefix $iteration"
    Array(s"${prefix}_$iteration")
  }

  // One weight, which is what the counter is.
  override def weightsCount: Int = 1
  override def readWeights(into: FloatMemory): Unit = {
    into.floats.put(written.getOrElse(steps.toFloat))
    ()
  }
  override def writeWeights(from: FloatMemory): Unit = written = Some(from.toArray.head)
  override def learningRate: Float = rate.getOrElse(1f)
  override def setLearningRate(r: Option[Float]): Unit = rate = r
  override def say(text: String): Unit = said :+= text
  override def hideBars(): AutoCloseable = {
    calls :+= "hide bars"
    () => calls :+= "show bars"
  }
}
