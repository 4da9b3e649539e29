package scala.collection.mutable

import scala.collection.generic.DefaultSerializable
import scala.collection.{IterableFactoryDefaults, SeqFactory, StrictOptimizedSeqFactory}

/** The list of Scala up to 2.12 that `WeightCollection` consists of, under its name and with its methods,
  * so that programs written for the original SparkNet compile on 2.13. Elements are appended and reached
  * by their index in constant time.
  */
final class MutableList[A]
    extends AbstractSeq[A]
    with SeqOps[A, MutableList, MutableList[A]]
    with scala.collection.StrictOptimizedSeqOps[A, MutableList, MutableList[A]]
    with IterableFactoryDefaults[A, MutableList]
    with Builder[A, MutableList[A]]
    with DefaultSerializable {
  private val elements = ArrayBuffer.empty[A]

  override def iterableFactory: SeqFactory[MutableList] = MutableList

  override def apply(n: Int): A = elements(n)

  /** The element at an index; None if there is none. */
  def get(n: Int): Option[A] = elements.lift(n)

  override def update(n: Int, element: A): Unit = elements(n) = element

  override def length: Int = elements.length

  override def knownSize: Int = elements.length

  override def iterator: Iterator[A] = elements.iterator

  override def addOne(element: A): this.type = {
    elements += element
    this
  }

  /** Puts an element before the first one. */
  def prepend(element: A): this.type = {
    elements.prepend(element)
    this
  }

  /** As [[prepend]]. */
  def +=:(element: A): this.type = prepend(element)

  override def clear(): Unit = elements.clear()

  override def result(): MutableList[A] = this

  override def clone(): MutableList[A] = MutableList.from(elements)

  override protected def className: String = "MutableList"
}

object MutableList extends StrictOptimizedSeqFactory[MutableList] {
  override def empty[A]: MutableList[A] = new MutableList[A]

  override def newBuilder[A]: Builder[A, MutableList[A]] = new MutableList[A]

  override def from[A](source: IterableOnce[A]): MutableList[A] = empty[A] ++= source
}
