package org.apache.spark.sparknet

import java.io.{ByteArrayInputStream, ByteArrayOutputStream}
import java.io.{ObjectInputStream, ObjectOutputStream, ObjectStreamClass}

import org.apache.spark.rpc.{
  RpcAddress,
  RpcCallContext,
  RpcEndpointRef,
  RpcEnv,
  ThreadSafeRpcEndpoint
}
import org.apache.spark.util.RpcUtils
import org.apache.spark.{SparkContext, SparkEnv, SparkException}

/** Whom the driver hears from: one task. */
trait MailListener {

  /** The first message of a task, with what takes answers. */
  def opened(to: Recipient, message: AnyRef): Unit
  def received(message: AnyRef): Unit

  /** The JVM of a task does not answer any more. */
  def lost(recipient: Recipient): Unit
}

/** A task, as the driver writes to it. */
final class Recipient private[sparknet] (
    ref: RpcEndpointRef,
    private[sparknet] val from: RpcAddress
) {

  /** Messages arrive in this order, each once, or not at all. */
  def send(message: AnyRef): Unit =
    try ref.send(Mail.bytes(message))
    catch { case _: SparkException => () } // a box of this JVM that is closed; others' say nothing
}

/** Messages between the driver and tasks, over Spark's RPC: no port of its own, authenticated and
  * encrypted as Spark is configured.
  *
  * They travel as bytes: Spark's RPC would look for their classes among its own, not in a jar that
  * was given to the application.
  */
object Mail {

  /** The driver's end. */
  final class Office(sc: SparkContext, name: String, listener: MailListener) extends AutoCloseable {
    private val environment = sc.env.rpcEnv

    private val endpoint = environment.setupEndpoint(
      name,
      new ThreadSafeRpcEndpoint {
        override val rpcEnv: RpcEnv = environment
        private var open = Vector.empty[Recipient]

        override def receiveAndReply(call: RpcCallContext): PartialFunction[Any, Unit] = {
          case (ref: RpcEndpointRef, message: Array[Byte]) =>
            val recipient = new Recipient(ref, call.senderAddress)
            open :+= recipient
            call.reply(true)
            listener.opened(recipient, Mail.message(message))
        }

        override def receive: PartialFunction[Any, Unit] = { case message: Array[Byte] =>
          listener.received(Mail.message(message))
        }

        override def onDisconnected(address: RpcAddress): Unit = {
          val (gone, others) = open.partition(_.from == address)
          open = others
          gone.foreach(listener.lost)
        }
      }
    )

    override def close(): Unit = environment.stop(endpoint)
  }

  /** A task's end. */
  final class Box(office: String, name: String, receive: AnyRef => Unit) extends AutoCloseable {
    private val env = SparkEnv.get
    private val driver = RpcUtils.makeDriverRef(office, env.conf, env.rpcEnv)

    private val endpoint = env.rpcEnv.setupEndpoint(
      name,
      new ThreadSafeRpcEndpoint {
        override val rpcEnv: RpcEnv = env.rpcEnv
        override def receive: PartialFunction[Any, Unit] = { case message: Array[Byte] =>
          Box.this.receive(Mail.message(message))
        }
      }
    )

    /** Sends the first message, which makes this task known; returns once it has arrived. */
    def open(message: AnyRef): Unit = {
      driver.askSync[Boolean]((endpoint, bytes(message)))
      ()
    }

    def send(message: AnyRef): Unit = driver.send(bytes(message))

    override def close(): Unit = env.rpcEnv.stop(endpoint)
  }

  private[sparknet] def bytes(message: AnyRef): Array[Byte] = {
    val out = new ByteArrayOutputStream
    val objects = new ObjectOutputStream(out)
    objects.writeObject(message)
    objects.close()
    out.toByteArray
  }

  private[sparknet] def message(bytes: Array[Byte]): AnyRef =
    new ObjectInputStream(new ByteArrayInputStream(bytes)) {
      override def resolveClass(description: ObjectStreamClass): Class[_] =
        try Class.forName(description.getName, false, Mail.getClass.getClassLoader)
        catch { case _: ClassNotFoundException => super.resolveClass(description) }
    }.readObject()
}
