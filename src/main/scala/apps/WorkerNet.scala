package apps

import caffe.Caffe.SolverParameter
import libs.CaffeNet
import org.apache.spark.SparkEnv

import sparknet.jna.Engine

/** The net of this JVM, which its tasks share: each has it to itself until the task ends. */
private[apps] object WorkerNet {
  private var net = Option.empty[CaffeNet]

  /** Built once, from a serialised SolverParameter, with as many threads as a task has cores. */
  def apply(solver: Array[Byte]): CaffeNet = synchronized {
    net.getOrElse {
      val env = SparkEnv.get
      if (env.executorId != "driver") Engine.setThreads(env.conf.getInt("spark.task.cpus", 1))
      net = Some(CaffeNet(SolverParameter.parseFrom(solver)))
      net.get
    }
  }
}
