package sparknet.ml

import scala.util.Random

import org.apache.spark.ml.linalg.Vector
import org.apache.spark.sql.functions.{col, lit, when}
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.scalatest.flatspec.AnyFlatSpec

import support.{LocalSpark, SparkTag}

/** Nets with several outputs, inputs and labels, and rows that weigh more than others. */
class CaffeRegressorSpec extends AnyFlatSpec {
  private lazy val spark = {
    LocalSpark.context
    SparkSession.builder.getOrCreate()
  }

  private def linear(outputs: Int) =
    s"""layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
          inner_product_param { num_output: $outputs } }"""

  private lazy val random = {
    val source = new Random(5)
    Seq.fill(400)((source.nextDouble() * 2 - 1, source.nextDouble() * 2 - 1))
  }

  private def regressor = new CaffeRegressor()
    .setLearningRate(0.3)
    .setEpochs(40)
    .setNumWorkers(2)
    .setBatchSize(20)
    .setSeed(2)

  private def frame(rows: Seq[(Seq[Double], Seq[Double])]): DataFrame =
    spark.createDataFrame(rows).toDF("features", "label").repartition(3)

  "A CaffeRegressor" should "learn several numbers at once" taggedAs SparkTag in {
    val points = frame(random.map { case (x, y) => (Seq(x, y), Seq(x + y, x - 2 * y, 0.5)) })
    val model = regressor.setNet(linear(3)).fit(points)
    assert(model.numOutputs == 3)
    for (row <- model.transform(points).select("label", "prediction").collect()) {
      val wanted = row.getSeq[Double](0)
      val said = row.getAs[Vector](1).toArray
      assert(wanted.zip(said).forall { case (a, b) => math.abs(a - b) < 0.05 }, row)
    }
  }

  it should "take a column for each input of the net" taggedAs SparkTag in {
    val net =
      """layer { name: "a" type: "InnerProduct" bottom: "left" top: "a" inner_product_param { num_output: 1 } }
         layer { name: "b" type: "InnerProduct" bottom: "right" top: "b"
           inner_product_param { num_output: 1 bias_term: false } }
         layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }"""
    val points = spark
      .createDataFrame(random.map { case (x, y) =>
        (Seq(x, y), y - x, 3 * x - y + 4 * (y - x) + 1)
      })
      .toDF("first", "second", "label")
    val model = regressor.setNet(net).setFeaturesCols(Array("first", "second")).fit(points)
    assert(model.evaluate(points).get("rmse") < 0.05)
    assert(model.evaluate(points).get("r2") > 0.99)
  }

  it should "let rows weigh what they are said to" taggedAs SparkTag in {
    // Two answers to the same question: the mean is by weight.
    val rows = (0 until 400).map(i => (1.0, (i % 2).toDouble))
    val points = spark
      .createDataFrame(rows)
      .toDF("features", "label")
      .withColumn("weight", when(col("label") === 1.0, lit(1.5)).otherwise(lit(0.5)))
    val still = regressor.setNet(linear(1)).setLearningRate(0.05).setMomentum(0).setBatchSize(100)
    def said(with_ : CaffeRegressor) =
      with_.fit(points).transform(points).select("prediction").head().getDouble(0)
    assert(math.abs(said(still) - 0.5) < 0.03)
    assert(math.abs(said(still.setWeightCol("weight")) - 0.75) < 0.03)
  }

  "A CaffeClassifier" should "learn several labels of an item" taggedAs SparkTag in {
    val net = linear(2) +
      """layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "ip" bottom: "label" top: "loss" }"""
    val points = frame(random.map { case (x, y) =>
      (Seq(x, y), Seq(if (x > 0) 1.0 else 0.0, if (x + y > 0) 1.0 else 0.0))
    })
    val model = new CaffeClassifier()
      .setNet(net)
      .setLearningRate(1)
      .setEpochs(40)
      .setNumWorkers(2)
      .setSeed(1)
      .fit(points)
    assert(model.evaluate(points).get("microF1Measure") > 0.97)
    val row = model.transform(points).select("label", "prediction", "probability").head()
    val likely = row.getAs[Vector](2).toArray
    assert(row.getSeq[Double](1) == likely.indices.filter(likely(_) > 0.5).map(_.toDouble))
  }

  it should "decide between two classes with one output" taggedAs SparkTag in {
    val net = linear(1) +
      """layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "ip" bottom: "label" top: "loss" }"""
    val points = spark
      .createDataFrame(random.map { case (x, y) => (Seq(x, y), if (x > y) 1.0 else 0.0) })
      .toDF("features", "label")
    val model = new CaffeClassifier()
      .setNet(net)
      .setLearningRate(1)
      .setEpochs(40)
      .setNumWorkers(2)
      .setSeed(1)
      .fit(points)
    val rows = model.transform(points).select("label", "prediction", "probability").collect()
    assert(rows.count(r => r.getDouble(0) == r.getDouble(1)) > 390 && model.numClasses == 2)
    for (row <- rows) {
      val likely = row.getAs[Vector](2).toArray
      assert(likely.length == 2 && math.abs(likely.sum - 1) < 1e-6)
      assert((likely(1) > 0.5) == (row.getDouble(1) == 1.0))
    }
  }
}
