package sparknet.ml

import scala.util.Random

import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.sql.functions.{col, expr, lit, when}
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.scalatest.flatspec.AnyFlatSpec

import sparknet.jna.CaffeException
import support.{LocalSpark, SparkTag}

/** Nets with several outputs, inputs, labels or places, or none of them, and rows that weigh more than
  * others.
  */
class CaffeRegressorSpec extends AnyFlatSpec {
  private lazy val spark = {
    LocalSpark.context
    SparkSession.builder().getOrCreate()
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
    val errors = for {
      row <- model.transform(points).select("label", "prediction").collect().toSeq
      (wanted, said) <- row.getSeq[Double](0).zip(row.getAs[Vector](1).toArray)
    } yield wanted - said
    assert(errors.forall(math.abs(_) < 0.05))
    val rmse = math.sqrt(errors.map(e => e * e).sum / errors.length)
    assert(math.abs(model.evaluate(points).get("rmse") - rmse) < 1e-9)
    checkSchema(regressor.setNet(linear(3)), model, points)
  }

  /** What an estimator says that its model adds is what the model adds. */
  private def checkSchema(
      estimator: CaffeEstimator[_],
      model: CaffeModel[_],
      frame: DataFrame
  ): Unit = {
    def fields(of: StructType) = of.map(f => (f.name, f.dataType, f.nullable))
    assert(
      fields(estimator.transformSchema(frame.schema)) == fields(model.transform(frame).schema)
    )
    ()
  }

  // Of rank 2: two numbers say all four.
  private lazy val flat = spark
    .createDataFrame(random.map { case (x, y) => Tuple1(Seq(x, y, x + y, x - y)) })
    .toDF("features")
    .repartition(3)

  private val squeeze =
    """layer { name: "code" type: "InnerProduct" bottom: "data" top: "code"
         inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
       layer { name: "out" type: "InnerProduct" bottom: "code" top: "out"
         inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }"""

  it should "be an autoencoder where its input is its label, as the net sees it" taggedAs SparkTag in {
    val own = squeeze +
      """layer { name: "loss" type: "EuclideanLoss" bottom: "out" bottom: "data" top: "loss" }"""
    val labelled = own.replace("bottom: \"data\" top: \"loss\"", "bottom: \"label\" top: \"loss\"")
    val slow = regressor.setLearningRate(0.1).setEpochs(60)
    val estimators = Seq(
      slow.copy(ParamMap.empty).setNet(squeeze).setLabelCol(""),
      slow.copy(ParamMap.empty).setNet(squeeze).setLabelCol("features"),
      slow.copy(ParamMap.empty).setNet(own),
      slow.copy(ParamMap.empty).setNet(labelled).setLabelCol("").setScale(0.5).setMean(Array(1))
    )
    for (estimator <- estimators) {
      val model = estimator.fit(flat)
      val seen =
        if (estimator.isSet(estimator.scale)) (v: Double) => (v - 1) / 2 else identity[Double](_)
      for (row <- model.transform(flat).select("features", "prediction").collect()) {
        val wanted = row.getSeq[Double](0).map(seen)
        val said = row.getAs[Vector](1).toArray
        assert(wanted.zip(said).forall { case (a, b) => math.abs(a - b) < 0.1 }, row)
      }
      checkSchema(estimator, model, flat)
      val judged = model.copy(ParamMap.empty).setLabelCol("features")
      if (estimator.isSet(estimator.scale))
        assert(intercept[CaffeException](judged.evaluate(flat)).getMessage.contains("after mean"))
      else assert(judged.evaluate(flat).get("rmse") < 0.1)
    }
    val code = estimators.head.fit(flat).featurizer(Array("code")).transform(flat)
    assert(code.select("code").head().getAs[Vector](0).size == 2)
    val classes = new CaffeClassifier().setNet(squeeze).setLabelCol("")
    val refused = intercept[CaffeException](classes.fit(flat)).getMessage
    assert(refused.contains("a SoftmaxWithLoss takes numbers of classes"))
  }

  it should "say values between 0 and 1 where its loss is of such" taggedAs SparkTag in {
    val net = squeeze +
      """layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "out" bottom: "data" }"""
    val marks = spark
      .createDataFrame(random.map { case (x, y) =>
        val (a, b) = (if (x > 0) 1.0 else 0.0, if (y > 0) 1.0 else 0.0)
        Tuple1(Seq(a, b, 1 - a, 1 - b))
      })
      .toDF("features")
    val model = regressor.setNet(net).setLearningRate(0.1).setEpochs(100).fit(marks)
    for (row <- model.transform(marks).select("features", "prediction").collect()) {
      val said = row.getAs[Vector](1).toArray
      assert(row.getSeq[Double](0).zip(said).forall { case (a, b) => math.abs(a - b) < 0.3 }, row)
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
    checkSchema(new CaffeClassifier().setNet(net), model, points)
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
    checkSchema(new CaffeClassifier().setNet(net), model, points)
    for (row <- rows) {
      val likely = row.getAs[Vector](2).toArray
      assert(likely.length == 2 && math.abs(likely.sum - 1) < 1e-6)
      assert((likely(1) > 0.5) == (row.getDouble(1) == 1.0))
    }
  }

  it should "say a class of each place" taggedAs SparkTag in {
    val net =
      """layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
           convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } }"""
    val source = new Random(8)
    val images = Seq.fill(200)(Seq.fill(12)(source.nextDouble() * 2 - 1))
    // Every tenth place does not count.
    val rows = images.map { image =>
      val classes = image.zipWithIndex.map { case (v, i) => if (i == 9) 7 else if (v > 0) 1 else 0 }
      (image, classes, classes.map(_.toByte).toArray)
    }
    val points = spark.createDataFrame(rows).toDF("features", "label", "bytes").repartition(3)
    val estimator = new CaffeClassifier()
      .setNet(net + """layer { name: "loss" type: "SoftmaxWithLoss" bottom: "conv" bottom: "label"
                         loss_param { ignore_label: 7 } }""")
      .setInputShape(Array(1, 3, 4))
      .setLearningRate(1)
      .setEpochs(40)
      .setNumWorkers(2)
      .setSeed(1)
    val model = estimator.fit(points)
    assert(model.numClasses == 2)
    checkSchema(estimator, model, points)
    val scored = model.transform(points).select("label", "prediction", "probability").collect()
    val right = scored.flatMap { row =>
      val probability = row.getAs[Vector](2).toArray
      val said = row.getSeq[Double](1)
      for (i <- 0 until 12) {
        assert(math.abs(probability(i) + probability(12 + i) - 1) < 1e-6)
        assert((said(i) == 1.0) == (probability(12 + i) > probability(i)))
      }
      row.getSeq[Int](0).zip(said).filter(_._1 != 7).map { case (a, b) => a == b }
    }
    assert(right.length == 200 * 11 && right.count(identity) > 0.97 * right.length)
    val accuracy = right.count(identity).toDouble / right.length
    for (column <- Seq("label", "bytes")) {
      val measured = model.copy(ParamMap.empty).setLabelCol(column).evaluate(points)
      assert(math.abs(measured.get("accuracy") - accuracy) < 1e-9)
    }
    val bytes = estimator.copy(ParamMap.empty).setLabelCol("bytes").fit(points)
    assert(bytes.evaluate(points).get("accuracy") > 0.97)
    val more = points.withColumn("label", expr("transform(label, v -> if(v = 7, 2, v))"))
    assert(
      intercept[CaffeException](estimator.copy(ParamMap.empty).setNet(net).fit(more)).getMessage
        .contains("classes, 0 to 1")
    )
    val hinge =
      net + """layer { name: "loss" type: "HingeLoss" bottom: "conv" bottom: "label" }"""
    val refused = intercept[CaffeException](estimator.setNet(hinge).fit(points)).getMessage
    assert(refused.contains("HingeLoss takes one class"))
  }
}
