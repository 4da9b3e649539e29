package sparknet.net

import caffe.Caffe.LayerParameter
import com.google.protobuf.Descriptors.FieldDescriptor
import sparknet.net.Fields.FieldError

/** Makes layers of one type. */
final class LayerType private[net] (val kind: String, entry: Layers.Entry) {
  private val layer = LayerParameter.getDescriptor

  /** Names of the fields of the type's own messages. */
  def fields: Seq[String] = entry.own.flatMap(field => Fields.names(field.getMessageType))

  /** A layer with a top of its own name, or as `top` in `fields` says. */
  def apply(name: String, bottom: Seq[String], fields: (String, Any)*): LayerParameter =
    of(Seq("name" -> name, "bottom" -> bottom) ++ fields)

  private[net] def of(arguments: Seq[(String, Any)]): LayerParameter = {
    val name = arguments.collectFirst { case ("name", value) => value }
    if (name.isEmpty) throw new IllegalArgumentException(s"a $kind layer needs a name")
    val unset = arguments.forall { case (field, value) =>
      field != "top" || value == null || value == None
    }
    val top = if (unset) Seq.fill(entry.tops)("top" -> name.get) else Nil
    val result = LayerParameter.newBuilder().setType(kind)
    try {
      for ((field, value) <- arguments ++ top) set(result, field, value)
    } catch {
      case wrong: FieldError =>
        throw new IllegalArgumentException(
          s"$kind layer '${name.get}': ${wrong.getMessage}"
        )
    }
    result.build()
  }

  private def set(result: LayerParameter.Builder, name: String, value: Any): Unit = {
    if (name == "type") throw new FieldError(name, s"it is $kind by the function's name")
    own(name) match {
      case Some((holder, field)) =>
        if (value != null && value != None)
          Fields.set(result.getFieldBuilder(holder), field, value, name)
      case None =>
        val field = layer.findFieldByName(name)
        if (field == null) throw unknown(name)
        Fields.set(result, field, value, name)
    }
  }

  private def own(name: String): Option[(FieldDescriptor, FieldDescriptor)] =
    entry.own.flatMap { holder =>
      Option(holder.getMessageType.findFieldByName(name)).map(holder -> _)
    }.headOption

  private def unknown(name: String): FieldError = {
    val messages = entry.own.map(_.getMessageType) :+ layer
    val hint = NearNames.hint(name, messages.flatMap(Fields.names))
    new FieldError(name, s"no field of ${messages.map(_.getName).mkString(" or ")}$hint")
  }
}

private[net] object LayerType {

  /** What may go without a name. */
  val Positional: Seq[String] = Seq("name", "bottom", "top")
}
