package sparknet.net

import java.lang.{Boolean => JBoolean, Double => JDouble, Float => JFloat}
import java.lang.{Byte => JByte, Integer => JInteger, Long => JLong, Short => JShort}
import java.math.BigInteger

import scala.collection.JavaConverters._

import com.google.protobuf.Descriptors.{Descriptor, EnumValueDescriptor, FieldDescriptor}
import com.google.protobuf.Descriptors.FieldDescriptor.{JavaType, Type}
import com.google.protobuf.{Message, ProtocolMessageEnum}

/** The fields of a message inside a layer, by the names of caffe.proto:
  * `Fields("type" -> "gaussian", "std" -> 0.01)`. A `Map` does as well.
  */
final class Fields private (val values: Seq[(String, Any)])

/** Fields of protobuf messages from plain values, checked against the descriptor.
  *
  * The rules are those of the Python module sparknet.fields: a message is given by its fields, an
  * enum by its value's name, a repeated field as a sequence or one value; null and None leave a
  * field unset.
  */
object Fields {
  def apply(values: (String, Any)*): Fields = new Fields(values)

  /** A value does not fit its field. */
  private[net] final class FieldError(path: String, reason: String)
      extends Exception(s"field $path: $reason")

  /** Sets fields by name.
    *
    * @param path
    *   where the message lies, with its dot, for errors
    */
  private[net] def setAll(
      message: Message.Builder,
      values: Seq[(String, Any)],
      path: String
  ): Unit = {
    val kind = message.getDescriptorForType
    values.foreach { case (name, value) =>
      val field = kind.findFieldByName(name)
      if (field == null) {
        val hint = NearNames.hint(name, names(kind))
        throw new FieldError(path + name, s"${kind.getName} has no such field$hint")
      }
      set(message, field, value, path + name)
    }
  }

  private[net] def names(kind: Descriptor): Seq[String] =
    kind.getFields.asScala.toSeq.map(_.getName)

  /** Replaces what the field holds.
    *
    * @param path
    *   the field's name in errors
    */
  private[net] def set(
      message: Message.Builder,
      field: FieldDescriptor,
      value: Any,
      path: String
  ): Unit = (value, elements(value)) match {
    case (null | None, _)                        => ()
    case (Some(inner), _)                        => set(message, field, inner, path)
    case (_, Some(several)) if !field.isRepeated =>
      throw new FieldError(path, s"takes one value, not ${shown(several)}")
    case (_, Some(several)) =>
      message.clearField(field)
      several.zipWithIndex.foreach { case (element, i) =>
        message.addRepeatedField(field, converted(message, field, element, s"$path[$i]"))
      }
    case (single, None) if field.isRepeated =>
      val element = converted(message, field, single, path)
      message.clearField(field).addRepeatedField(field, element)
    case (single, None) => message.setField(field, converted(message, field, single, path))
  }

  private def elements(value: Any): Option[Seq[Any]] = value match {
    case several: Array[_]          => Some(several.toSeq)
    case several: Seq[_]            => Some(several)
    case several: java.util.List[_] => Some(several.asScala.toSeq)
    case pair: Product2[_, _]       => Some(pair.productIterator.toSeq)
    case _                          => None
  }

  private def group(value: Any): Option[Seq[(String, Any)]] = value match {
    case fields: Fields               => Some(fields.values)
    case fields: collection.Map[_, _] => Some(fields.toSeq.map(named))
    case fields: java.util.Map[_, _]  => Some(fields.asScala.toSeq.map(named))
    case _                            => None
  }

  private def named(field: (Any, Any)): (String, Any) = (String.valueOf(field._1), field._2)

  private def converted(
      owner: Message.Builder,
      field: FieldDescriptor,
      value: Any,
      path: String
  ): AnyRef = field.getJavaType match {
    case JavaType.MESSAGE => message(owner.newBuilderForField(field), value, path)
    case JavaType.ENUM    => enumValue(field, value, path)
    case JavaType.BOOLEAN =>
      value match {
        case flag: JBoolean => flag
        case _              => throw new FieldError(path, s"${shown(value)} is not true or false")
      }
    case JavaType.STRING =>
      value match {
        case text: String => text
        case _            => throw new FieldError(path, s"${shown(value)} is not a text")
      }
    case JavaType.FLOAT | JavaType.DOUBLE => real(field, value, path)
    case JavaType.INT | JavaType.LONG     => whole(field, value, path)
    case JavaType.BYTE_STRING => throw new FieldError(path, "bytes cannot be given in a layer")
  }

  private def message(part: Message.Builder, value: Any, path: String): Message = {
    val kind = part.getDescriptorForType
    (value, group(value)) match {
      case (whole: Message, _) if whole.getDescriptorForType == kind => whole
      case (_, Some(fields))                                         =>
        setAll(part, fields, s"$path.")
        part.build()
      case (_: String | _: ProtocolMessageEnum, _) if kind.getName == "NetStateRule" =>
        setAll(part, Seq("phase" -> value), s"$path.")
        part.build()
      case _ =>
        throw new FieldError(
          path,
          s"${shown(value)} is not a ${kind.getName}: give its fields by name"
        )
    }
  }

  private def enumValue(field: FieldDescriptor, value: Any, path: String): EnumValueDescriptor = {
    val known = field.getEnumType
    val found = value match {
      case name: String => Option(known.findValueByName(name))
      case constant: ProtocolMessageEnum if constant.getDescriptorForType == known =>
        Some(constant.getValueDescriptor)
      case _ =>
        integer(value).filter(_.bitLength < 32).flatMap { number =>
          Option(known.findValueByNumber(number.intValue))
        }
    }
    found.getOrElse {
      val names = known.getValues.asScala.toSeq.map(_.getName)
      val hint = value match {
        case name: String => NearNames.hint(name, names)
        case _            => ""
      }
      throw new FieldError(path, s"${shown(value)} is not one of ${names.mkString(", ")}$hint")
    }
  }

  private def integer(value: Any): Option[BigInteger] = value match {
    case number @ (_: JByte | _: JShort | _: JInteger | _: JLong) =>
      Some(BigInteger.valueOf(number.asInstanceOf[Number].longValue))
    case number: BigInteger => Some(number)
    case number: BigInt     => Some(number.bigInteger)
    case _                  => None
  }

  private def real(field: FieldDescriptor, value: Any, path: String): AnyRef = {
    val number = value match {
      case single: JFloat  => Some(single.doubleValue)
      case double: JDouble => Some(double.doubleValue)
      case other           => integer(other).map(_.doubleValue)
    }
    number
      // Infinity is a value; a number that would become it is a mistake.
      .filter(x => math.abs(x) <= Float.MaxValue || x.isInfinite)
      .map { x =>
        if (field.getJavaType == JavaType.FLOAT) Float.box(x.toFloat) else Double.box(x)
      }
      .getOrElse {
        throw new FieldError(path, s"${shown(value)} is not a number of this field's range")
      }
  }

  private def whole(field: FieldDescriptor, value: Any, path: String): AnyRef = {
    val bits = if (field.getJavaType == JavaType.INT) 32 else 64
    val unsigned = field.getType match {
      case Type.UINT32 | Type.UINT64 | Type.FIXED32 | Type.FIXED64 => true
      case _                                                       => false
    }
    val low = if (unsigned) BigInt(0) else -(BigInt(1) << (bits - 1))
    val high = (BigInt(1) << (if (unsigned) bits else bits - 1)) - 1
    integer(value).map(BigInt(_)) match {
      case Some(number) if number >= low && number <= high =>
        if (bits == 32) Int.box(number.intValue) else Long.box(number.longValue)
      case _ =>
        throw new FieldError(path, s"${shown(value)} is not a whole number from $low to $high")
    }
  }

  /** A value in the words of an error, which are the same in Python. */
  private def shown(value: Any): String = value match {
    case null | None                    => "nothing"
    case Some(inner)                    => shown(inner)
    case text: String                   => "\"" + text + "\""
    case flag: Boolean                  => flag.toString
    case number: Number                 => number.toString
    case _ if elements(value).isDefined => s"a list of ${elements(value).get.length}"
    case _ if group(value).isDefined    => "a group of fields"
    case _                              => s"a value of type ${value.getClass.getSimpleName}"
  }
}
