package support

import java.nio.ByteBuffer

import scala.reflect.ClassTag

import org.apache.spark.SparkConf
import org.apache.spark.serializer.{JavaSerializer, KryoSerializer, SerializerInstance}

/** The serialisers that a user may set as `spark.serializer`: what tasks, shuffles, caches and
  * broadcasts carry has to survive each.
  */
object Serialisers {
  private val instances: Map[String, SerializerInstance] = Map(
    "java" -> new JavaSerializer(new SparkConf).newInstance(),
    "kryo" -> new KryoSerializer(new SparkConf).newInstance()
  )

  /** What each of them makes of a value, by name. */
  def copies[A: ClassTag](value: A): Map[String, A] = instances.map { case (name, serialiser) =>
    val bytes: ByteBuffer = serialiser.serialize(value)
    name -> serialiser.deserialize[A](bytes)
  }
}
