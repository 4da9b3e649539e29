package sparknet.jna

/** A net that can be computed by hand: softmax regression from 3 features to 2 classes, minibatches
  * of 4, weights that start at 0, plain gradient descent with rate 0.5.
  */
object LinearSoftmax {
  val net: String =
    """name: "linear"
      |layer { name: "data" type: "JavaData" top: "data"
      |  java_data_param { shape { dim: 4 dim: 3 } } }
      |layer { name: "label" type: "JavaData" top: "label"
      |  java_data_param { shape { dim: 4 dim: 1 } } }
      |layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
      |  inner_product_param { num_output: 2 } }
      |layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
      |  include { phase: TEST } }
      |layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
      |""".stripMargin

  def solver(more: String = "test_iter: 1 test_interval: 1000000"): String =
    s"""base_lr: 0.5 lr_policy: "fixed" solver_mode: CPU random_seed: 1 $more
       |net_param { $net }""".stripMargin

  val data: Array[Float] = Array(1f, 2f, 3f, 0f, -1f, 2f, 4f, 0f, -2f, -3f, 1f, 1f)
  val labels: Array[Float] = Array(0f, 1f, 0f, 1f)

  val feed: Feed = tops => {
    tops(0).put(data)
    tops(1).put(labels)
    ()
  }

  /** Weights (2x3) and bias (2) after `steps`, in double precision. */
  def trained(steps: Int, rate: Double = 0.5, items: Array[Float] = data): Array[Double] =
    (1 to steps).foldLeft(new Array[Double](8)) { (w, _) =>
      val next = w.clone
      for (i <- 0 until 4) {
        val x = items.slice(3 * i, 3 * i + 3).map(_.toDouble) :+ 1.0
        val p = softmax(scores(w, x))
        for (k <- 0 until 2; j <- 0 until 4) {
          val position = if (j < 3) 3 * k + j else 6 + k
          next(position) -= rate * (p(k) - (if (labels(i) == k) 1 else 0)) * x(j) / 4
        }
      }
      next
    }

  /** Mean loss and accuracy over the minibatch. */
  def tested(w: Array[Double], items: Array[Float] = data): (Double, Double) = {
    val each = (0 until 4).map { i =>
      val s = scores(w, items.slice(3 * i, 3 * i + 3).map(_.toDouble) :+ 1.0)
      val label = labels(i).toInt
      (-math.log(softmax(s)(label)), if (s(label) > s(1 - label)) 1.0 else 0.0)
    }
    (each.map(_._1).sum / 4, each.map(_._2).sum / 4)
  }

  private def scores(w: Array[Double], x: Array[Double]) =
    (0 to 1).map(k => (0 until 3).map(j => w(3 * k + j) * x(j)).sum + w(6 + k))

  private def softmax(s: Seq[Double]) = s.map(v => math.exp(v) / s.map(math.exp).sum)
}
