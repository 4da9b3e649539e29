package org.apache.spark.sparknet

import java.lang.reflect.InvocationTargetException

import scala.reflect.classTag

import org.apache.spark.storage.{BlockId, BlockManager, StorageLevel}
import org.apache.spark.util.io.ChunkedByteBuffer

/** `BlockManager.putBytes`, which has more arguments in newer versions of Spark 4: those get Spark's own
  * defaults.
  */
private[sparknet] final class StoredBytes(blocks: BlockManager) {
  private val method = classOf[BlockManager].getMethods.find(_.getName == "putBytes").get
  private val more = (5 until method.getParameterCount).map { at =>
    classOf[BlockManager].getMethod(s"putBytes$$default$$$at").invoke(blocks)
  }

  /** Whether there was room. Nobody else is told of the block. */
  def put(id: BlockId, bytes: ChunkedByteBuffer, level: StorageLevel): Boolean = {
    val tellMaster = java.lang.Boolean.FALSE
    val arguments = Seq[AnyRef](id, bytes, level, tellMaster) ++ more :+ classTag[Array[Byte]]
    try method.invoke(blocks, arguments: _*).asInstanceOf[Boolean]
    catch { case e: InvocationTargetException => throw e.getCause }
  }
}
