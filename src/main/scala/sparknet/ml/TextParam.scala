package sparknet.ml

import scala.reflect.{classTag, ClassTag}

import org.apache.spark.ml.param.Param
import org.apache.spark.ml.util.Identifiable

/** Params of text. Spark has no class for them, and `Param`'s own constructor is another one in newer
  * versions of Spark 4, where it takes the type besides.
  */
private[ml] object TextParam {
  private val constructor = classOf[Param[_]].getConstructors
    .find { made =>
      val takes = made.getParameterTypes
      takes.length >= 4 && takes(0) == classOf[Identifiable] && takes(3) == classOf[Function1[_, _]]
    }
    .getOrElse(throw new IllegalStateException("this Spark's Param cannot be made"))

  private val kind: Seq[AnyRef] = constructor.getParameterTypes.toSeq.drop(4).map { last =>
    if (last == classOf[ClassTag[_]]) classTag[String] else classOf[String]
  }

  def apply(
      parent: Identifiable,
      name: String,
      doc: String,
      isValid: String => Boolean = (_: String) => true
  ): Param[String] =
    constructor
      .newInstance(Seq[AnyRef](parent, name, doc, isValid) ++ kind: _*)
      .asInstanceOf[Param[String]]
}
