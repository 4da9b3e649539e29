package sparknet.net

import scala.collection.JavaConverters._
import scala.collection.immutable.SortedMap
import scala.io.Source
import scala.language.dynamics

import caffe.Caffe.LayerParameter
import com.google.protobuf.Descriptors.FieldDescriptor

/** Every layer type of Caffe, made from the descriptor of caffe.proto.
  *
  * {{{
  * Layers.Convolution("conv1", Seq("data"), num_output = 20, kernel_size = 5,
  *   weight_filler = Fields("type" -> "gaussian", "std" -> 0.01))
  * Layers("Pooling")("pool1", Seq("conv1"), "pool" -> "MAX", "kernel_size" -> 2, "stride" -> 2)
  * }}}
  *
  * Fields have the names of caffe.proto; they are those of the type's own message or of
  * LayerParameter. A message is given as [[Fields]], an enum by its value's name, a repeated field
  * as a sequence or one value. What is not given is not set. The top is named like the layer
  * unless `top` says otherwise. Wrong fields are an IllegalArgumentException that names layer and
  * field, and the names that are near.
  */
object Layers extends Dynamic {

  /** @param own
    *   fields of LayerParameter that hold the type's parameters
    * @param tops
    *   how many tops it has if none is named
    */
  private[net] final case class Entry(own: Seq[FieldDescriptor], tops: Int)

  private val layer = LayerParameter.getDescriptor

  private[net] lazy val entries: SortedMap[String, Entry] = {
    val named = layer.getFields.asScala.toSeq.collect {
      case field
          if field.getName.endsWith(
            "_param"
          ) && field.getJavaType == FieldDescriptor.JavaType.MESSAGE &&
            field.getMessageType.getName.endsWith("Parameter") =>
        field.getMessageType.getName.stripSuffix("Parameter") -> Entry(Seq(field), 1)
    }
    val table = getClass.getResourceAsStream("/sparknet/layer_types.tsv")
    val lines =
      try Source.fromInputStream(table, "UTF-8").getLines().filterNot(_.startsWith("#")).toList
      finally table.close()
    lines.map(_.split('\t')).foldLeft(SortedMap(named: _*)) { (types, row) =>
      val (name, own, tops) = (row(0), row(1), row(2))
      if (tops == "-") types - name
      else {
        val fields = own.split(',').toSeq.filter(_ != "-").map(layer.findFieldByName(_))
        types + (name -> Entry(fields, tops.toInt))
      }
    }
  }

  /** All types, sorted. */
  def types: Seq[String] = entries.keys.toSeq

  def apply(kind: String): LayerType = entries.get(kind) match {
    case Some(entry) => new LayerType(kind, entry)
    case None        =>
      val hint = NearNames.hint(kind, types)
      throw new IllegalArgumentException(s"Caffe has no layer type $kind$hint")
  }

  def selectDynamic(kind: String): LayerType = apply(kind)

  def applyDynamic(kind: String)(arguments: Any*): LayerParameter =
    applyDynamicNamed(kind)(arguments.map("" -> _): _*)

  /** Arguments without a name are the layer's name, its bottoms and its tops, in this order. */
  def applyDynamicNamed(kind: String)(arguments: (String, Any)*): LayerParameter = {
    val (positional, named) = arguments.partition(_._1.isEmpty)
    val leading = LayerType.Positional.zip(positional.map(_._2))
    if (positional.length > LayerType.Positional.length)
      throw new IllegalArgumentException(
        s"$kind layer: only ${LayerType.Positional.mkString(", ")} go without a name"
      )
    apply(kind).of(leading ++ named)
  }
}
