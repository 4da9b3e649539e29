package sparknet.net

import caffe.Caffe.LayerParameter
import com.google.protobuf.Descriptors.FieldDescriptor
import com.google.protobuf.Message

/** Layers that read files or memory: in caffe.proto they are those that have a `batch_size`. */
object DataLayers {

  // For each type the field with its parameters, and that of its size in there.
  private lazy val sizes: Map[String, (FieldDescriptor, FieldDescriptor)] = for {
    (kind, entry) <- Layers.entries
    holder <- entry.own
    size <- Option(holder.getMessageType.findFieldByName("batch_size"))
  } yield kind -> (holder -> size)

  def reads(layer: LayerParameter): Boolean = sizes.contains(layer.getType)

  /** Items in a minibatch; 0: the layer does not say it, or reads nothing. */
  def batch(layer: LayerParameter): Int = sizes.get(layer.getType).fold(0) { case (holder, size) =>
    layer.getField(holder).asInstanceOf[Message].getField(size).asInstanceOf[Int]
  }
}
