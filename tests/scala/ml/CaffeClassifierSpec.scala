package sparknet.ml

import scala.util.Random

import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.tuning.{CrossValidator, ParamGridBuilder}
import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.feature.{IndexToString, StandardScaler}
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.apache.spark.sql.functions.{col, sum, udf, when}
import org.apache.spark.sql.sparknet.ScoredRows
import org.scalatest.flatspec.AnyFlatSpec

import sparknet.jna.{CaffeException, NativeBlob}
import sparknet.train.{Fit, RoundResult, TrainListener}
import support.{LocalSpark, SparkTag, Temporary}

class CaffeClassifierSpec extends AnyFlatSpec {
  private lazy val spark = {
    LocalSpark.context
    SparkSession.builder().getOrCreate()
  }

  private val net =
    """layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1"
         inner_product_param { num_output: 16 weight_filler { type: "xavier" } } }
       layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
       layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
         inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }"""

  /** Three clouds of points around (2, 0), (-2, 0) and (0, 3), far enough apart. */
  private lazy val points: DataFrame = {
    val random = new Random(3)
    val centres = Seq((2.0, 0.0), (-2.0, 0.0), (0.0, 3.0))
    val rows = (0 until 300).map { i =>
      val (x, y) = centres(i % 3)
      val point = Vectors.dense(x + 0.4 * random.nextGaussian(), y + 0.4 * random.nextGaussian())
      (i, point, (i % 3).toDouble, Seq("east", "west", "north")(i % 3))
    }
    spark.createDataFrame(rows).toDF("id", "features", "label", "name").repartition(5).cache()
  }

  private def classifier = new CaffeClassifier()
    .setNet(net)
    .setEpochs(20)
    .setTau(5)
    .setLearningRate(0.1)
    .setNumWorkers(2)
    .setSeed(1)
    .setBatchSize(20)

  "A CaffeClassifier" should "train on vectors, and its model score all rows in their place" taggedAs
    SparkTag in {
      val model = classifier.fit(points)
      val scored = model.transform(points)
      assert(
        scored.columns.toSeq ==
          Seq("id", "features", "label", "name", "rawPrediction", "probability", "prediction")
      )
      val rows =
        scored.select("id", "label", "prediction", "probability", "rawPrediction").collect()
      assert(rows.map(_.getInt(0)).toSet == (0 until 300).toSet)
      assert(rows.count(r => r.getDouble(1) == r.getDouble(2)) >= 295)
      for (row <- rows) {
        val probability = row.getAs[Vector](3).toArray
        val raw = row.getAs[Vector](4).toArray
        val exps = raw.map(v => math.exp(v - raw.max))
        assert(
          probability.zip(exps.map(_ / exps.sum)).forall { case (p, q) => math.abs(p - q) < 1e-5 }
        )
        assert(probability.indexOf(probability.max) == row.getDouble(2).toInt)
      }
      assert(model.evaluate(points).get("accuracy") > 0.98)
      assert(model.summary.columns.contains("loss") && model.summary.count() >= 10)
    }

  it should "take classes by their names, and be a stage of a pipeline that is saved" taggedAs
    SparkTag in Temporary.folder { folder =>
      val scaler = new StandardScaler().setInputCol("features").setOutputCol("scaled")
      val named = classifier.setFeaturesCol("scaled").setLabelCol("name")
      val back = new IndexToString().setInputCol("prediction").setOutputCol("said")
      val fitted = new Pipeline().setStages(Array(scaler, named, back)).fit(points)
      val path = folder.resolve("pipeline").toString
      fitted.save(path)
      val loaded = PipelineModel.load(path)
      val said = loaded.transform(points).select("id", "name", "said", "probability").collect()
      assert(said.count(r => r.getString(1) == r.getString(2)) >= 295)
      val before = fitted.transform(points).select("id", "probability").collect()
      val probabilities = before.map(r => r.getInt(0) -> r.getAs[Vector](1)).toMap
      assert(said.forall(r => probabilities(r.getInt(0)) == r.getAs[Vector](3)))
      val model = loaded.stages(1).asInstanceOf[CaffeClassificationModel]
      assert(model.getLabels.toSet == Set("east", "west", "north") && model.numClasses == 3)
      assert(
        !model.hasSummary && intercept[CaffeException](model.summary).getMessage.contains("loaded")
      )
      assert(model.evaluate(scaler.fit(points).transform(points)).get("accuracy") > 0.98)
    }

  it should "tell a listener of its rounds, which may stop it" taggedAs SparkTag in {
    var told = Seq.empty[RoundResult]
    val stopped = classifier.fit(
      points,
      new TrainListener {
        private var run: Fit = _
        override def onStart(started: Fit): Unit = run = started
        override def onRound(result: RoundResult): Unit = {
          told :+= result
          if (told.length == 3) run.stop()
        }
      }
    )
    assert(told.map(_.round) == Seq(1, 2, 3) && stopped.summary.count() == 3)
    assert(stopped.parent.isInstanceOf[CaffeClassifier] && stopped.weightsReport.isEmpty)
  }

  private lazy val model = classifier.fit(points)

  "Its model" should "have Spark read no more columns than it and the caller need" taggedAs SparkTag in
    Temporary.folder { folder =>
      val path = folder.resolve("points.parquet").toString
      points.write.parquet(path)
      val scored = model.transform(spark.read.parquet(path)).select("prediction")
      val plan = scored.queryExecution.executedPlan.toString
      assert(plan.contains("SparkNet") && plan.contains("ReadSchema: struct<features:"))
      assert(!plan.contains("name:string"), plan)
    }

  it should "go with joins, filters, limits and caches" taggedAs SparkTag in {
    val scored = model.transform(points)
    val both = scored.as("a").join(scored.as("b"), col("a.id") === col("b.id"))
    assert(both.where(col("a.prediction") === col("b.prediction")).count() == 300)
    assert(scored.join(points, "id").count() == 300)
    assert(scored.where(col("prediction") === 0.0).select(points("id")).count() >= 95)
    assert(scored.limit(7).count() == 7 && scored.orderBy("id").head().getInt(0) == 0)
    val twice = scored.cache()
    assert(twice.count() == 300 && twice.groupBy("prediction").count().count() == 3)
    twice.unpersist()
    assert(model.transform(points.where(col("id") < 0)).count() == 0)
    assert(model.transform(points.repartition(40)).count() == 300)
  }

  it should "keep its nets for the next tasks" taggedAs SparkTag in {
    model.transform(points).count()
    val kept = NetPool.count(model.trained)
    assert(kept >= 1 && kept <= 2)
    model.transform(points).count()
    assert(NetPool.count(model.trained) == kept)
    NetPool.drop(0)
    assert(NetPool.count(model.trained) == 0)
  }

  it should "say which row it cannot use, or leave it out" taggedAs SparkTag in {
    val bad = points
      .where(col("id") < 20)
      .withColumn(
        "features",
        when(col("id") === 7, null).otherwise(col("features"))
      )
      .coalesce(1)
    val error = intercept[Exception](model.transform(bad).collect())
    assert(
      Iterator.iterate[Throwable](error)(_.getCause).takeWhile(_ != null).exists { e =>
        e.getMessage.matches("(?s).*row \\d+ of partition 0: column 'features'.*")
      },
      error.toString
    )
    assert(model.copy(ParamMap.empty).setHandleInvalid("skip").transform(bad).count() == 19)
  }

  it should "name the first such row of a partition, and go on with the others" taggedAs SparkTag in {
    val notANumber = udf(() => Vectors.dense(0.0, Double.NaN))
    val sorted = points.where(col("id") < 20).orderBy("id").coalesce(1).cache()
    val bad = sorted.withColumn(
      "features",
      when(col("id") === 9, notANumber()).when(col("id") === 12, null).otherwise(col("features"))
    )
    def predictions(frame: DataFrame) =
      frame.select("id", "prediction").collect().map(r => r.getInt(0) -> r.getDouble(1)).toMap
    val right = predictions(model.transform(sorted))
    for (batch <- Seq(1, 4, 32); frame <- Seq(bad, bad.cache())) {
      val own = model.copy(ParamMap.empty).setBatchSize(batch)
      val error = intercept[Exception](own.transform(frame).collect())
      val said = "row 9 of partition 0: column 'features' has a NaN at value 1"
      assert(
        Iterator
          .iterate[Throwable](error)(_.getCause)
          .takeWhile(_ != null)
          .exists(_.getMessage.contains(said)),
        error.toString
      )
      assert(predictions(own.setHandleInvalid("skip").transform(frame)) == right - 9 - 12)
    }
    val none = sorted.withColumn("features", notANumber())
    assert(model.copy(ParamMap.empty).setHandleInvalid("skip").transform(none).count() == 0)
    bad.unpersist(blocking = true)
    sorted.unpersist(blocking = true)
  }

  it should "keep no features for a batch that nobody asks for" taggedAs SparkTag in {
    def kept(frame: DataFrame) = frame.queryExecution.optimizedPlan.collect {
      case found: ScoredRows => found.output.map(_.name)
    }
    val added = Seq("rawPrediction", "probability", "prediction")
    val scored = model.transform(points)
    val all = scored.collect()
    assert(kept(scored.select("prediction")) == Seq(added))
    assert(kept(scored.where(col("prediction") > 1).select("id")) == Seq("id" +: added))
    assert(kept(scored) == Seq(scored.columns.toSeq))
    val asked = scored.where(col("prediction") > 1).select("name", "id").collect()
    val expected = all.filter(_.getAs[Double]("prediction") > 1)
    assert(
      asked.map(r => (r.getInt(1), r.getString(0))).toSet ==
        expected.map(r => (r.getAs[Int]("id"), r.getAs[String]("name"))).toSet
    )
    assert(scored.select("features").collect().toSet == points.select("features").collect().toSet)
  }

  it should "not take a column's place" taggedAs SparkTag in {
    val twice = intercept[CaffeException](model.transform(model.transform(points)))
    assert(twice.getMessage.contains("'rawPrediction'"))
    val without = model.copy(ParamMap.empty).setRawPredictionCol("").setProbabilityCol("")
    assert(without.transform(points).columns.last == "prediction")
    assert(!without.transform(points).columns.contains("probability"))
  }

  private def refused(estimator: CaffeClassifier, frame: DataFrame = points): String =
    intercept[CaffeException](estimator.fit(frame)).getMessage

  "What is wrong" should "be said before anything runs" taggedAs SparkTag in {
    assert(refused(classifier.setFeaturesCol("feature")).contains("did you mean features?"))
    assert(refused(classifier.setLabelCol("labels")).contains("did you mean label?"))
    assert(refused(new CaffeClassifier()).contains("there is no net"))
    assert(refused(classifier.setNet("no.prototxt")).contains("no.prototxt"))
    assert(refused(classifier.setFreeze(Array("ip3"))).contains("no layer 'ip3'; did you mean ip1"))
    assert(refused(classifier.setEarlyStoppingRounds(3)).contains("validationIndicatorCol"))
    assert(refused(classifier.setInputShape(Array(3))).contains("2 values instead of 3"))
    val four = points.withColumn("label", when(col("id") === 5, 3.0).otherwise(col("label")))
    val gap = refused(classifier, four)
    assert(gap.contains("not one of the net's classes, 0 to 2: they are numbered without gaps"))
  }

  "Rows without a class" should "be named, or left out" taggedAs SparkTag in {
    val one = points.coalesce(1)
    val some = one.withColumn("name", when(col("id") =!= 7, col("name")))
    val place = one.select("id").collect().indexWhere(_.getInt(0) == 7)
    val named = classifier.setLabelCol("name").setEpochs(1)
    val where = s"record $place of partition 0: column 'name_as_class' is null"
    assert(refused(named, some).contains(where))
    val without = named.setHandleInvalid("skip").fit(some)
    assert(without.getLabels.toSet == Set("east", "west", "north"))
  }

  "Layers that are frozen" should "keep the weights they start with" taggedAs SparkTag in
    Temporary.folder { folder =>
      model.saveCaffe(folder.toUri.toString)
      val start = folder.resolve("weights.caffemodel").toString
      val tuned = classifier.setWeights(start).setFreeze(Array("ip1")).setSeed(9).fit(points)
      def weights(of: CaffeClassificationModel, layer: String) = {
        val (net, _) = of.trained.make(1)
        try net.param(layer, 0).read(NativeBlob.Data).toSeq
        finally net.close()
      }
      assert(tuned.weightsReport == s"$start: took 2 of 2 layers")
      assert(tuned.copy(ParamMap.empty).weightsReport == tuned.weightsReport)
      assert(weights(tuned, "ip1") == weights(model, "ip1"))
      assert(weights(tuned, "ip2") != weights(model, "ip2"))
    }

  "Rows to look at" should "end training that does not get better" taggedAs SparkTag in {
    val marked = points.withColumn("held", col("id") % 4 === 0)
    val stopped = classifier
      .setEpochs(500)
      .setValidationIndicatorCol("held")
      .setEarlyStoppingRounds(3)
      .setLearningRate(1.0)
      .fit(marked)
    val rounds = stopped.summary.count()
    assert(rounds < 900, rounds) // 500 passes over 225 rows, 200 of them a round, are over 560
    val losses = stopped.summary.select("validationLoss").collect().map(_.getDouble(0))
    assert(losses.takeRight(3).min > losses.dropRight(3).min - 1e-12)
    assert(stopped.evaluate(marked).get("accuracy") > 0.95)
  }

  it should "be told from the others by every row" taggedAs SparkTag in {
    val marked = points
      .coalesce(1)
      .withColumn("held", when(col("id") === 7, null).otherwise(col("id") % 4 === 0))
    val estimator = classifier.setValidationIndicatorCol("held").setEpochs(1)
    val place = points.coalesce(1).select("id").collect().indexWhere(_.getInt(0) == 7)
    val where = s"record $place of partition 0: column 'held' is null"
    assert(refused(estimator, marked).contains(where))
    val without = estimator.setHandleInvalid("skip").fit(marked)
    assert(without.summary.agg(sum("images")).head().getLong(0) >= 224)
    val numbers = points.withColumn("held", col("id") % 4)
    assert(refused(estimator, numbers).contains("column 'held' tells rows apart by true and false"))
  }

  "A grid" should "be searched by several trainers at a time" taggedAs SparkTag in {
    val estimator = classifier.setEpochs(3)
    val grid = new ParamGridBuilder().addGrid(estimator.learningRate, Array(1e-6, 0.1)).build()
    val search = new CrossValidator()
      .setEstimator(estimator)
      .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy"))
      .setEstimatorParamMaps(grid)
      .setNumFolds(2)
      .setParallelism(2)
      .fit(points)
    assert(search.avgMetrics(1) > search.avgMetrics(0) && search.avgMetrics(1) > 0.8)
  }
}
