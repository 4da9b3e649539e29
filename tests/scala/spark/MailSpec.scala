package org.apache.spark.sparknet

import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit.{MILLISECONDS, SECONDS}

import org.scalatest.flatspec.AnyFlatSpec

import support.{LocalSpark, SparkTag}

class MailSpec extends AnyFlatSpec {

  "Who writes to a task of this JVM" should "not mind that it has left" taggedAs SparkTag in {
    val sc = LocalSpark.context
    val known = new LinkedBlockingQueue[Recipient]
    val received = new LinkedBlockingQueue[AnyRef]
    val listener = new MailListener {
      override def opened(to: Recipient, message: AnyRef): Unit = known.put(to)
      override def received(message: AnyRef): Unit = ()
      override def lost(recipient: Recipient): Unit = ()
    }
    val office = new Mail.Office(sc, "mail-spec", listener)
    try {
      val box = new Mail.Box("mail-spec", "mail-spec-box", message => received.put(message))
      box.open("hello")
      val recipient = known.poll(10, SECONDS)
      recipient.send("one")
      assert(received.poll(10, SECONDS) == "one")
      box.close()
      recipient.send("two")
      assert(received.poll(100, MILLISECONDS) == null)
    } finally office.close()
  }
}
