package sparknet.jna

import java.util.concurrent.{CountDownLatch, TimeUnit}
import java.util.concurrent.atomic.AtomicInteger

import com.sun.jna.Pointer
import org.scalatest.flatspec.AnyFlatSpec
import support._

class HandleSpec extends AnyFlatSpec {
  private val pointer = new Pointer(8)

  "A Handle" should "be destroyed once" taggedAs Unit in {
    val destroyed = new AtomicInteger
    val handle = Handle.owned("net", pointer, _ => destroyed.getAndIncrement())
    handle.close()
    handle.close()
    assert(destroyed.get == 1)
  }

  it should "refuse calls when it or its owner is closed" taggedAs Unit in {
    val handle = Handle.owned("solver", pointer, _ => 0)
    val lent = handle.lend("train net", new Pointer(16))
    assert(lent.call(p => Pointer.nativeValue(p).toInt) == 16)
    lent.close() // belongs to its owner
    assert(handle.call(_ => 0) == 0)
    handle.close()
    for ((closed, name) <- Seq(handle -> "solver", lent -> "train net")) {
      val refused = intercept[CaffeException](closed.call(_ => fail("was called")))
      assert(refused.getCodeName == "INVALID_HANDLE" && refused.getMessage.contains(name))
    }
  }

  it should "wait with closing for a running call" taggedAs Unit in {
    val running = new CountDownLatch(1)
    val finish = new CountDownLatch(1)
    @volatile var finished = false
    val destroyedAfter = new AtomicInteger
    val handle =
      Handle.owned("net", pointer, _ => { if (finished) destroyedAfter.incrementAndGet(); 0 })
    val caller = new Thread(() => {
      handle.call { _ =>
        running.countDown()
        finish.await(60, TimeUnit.SECONDS)
        finished = true
        0
      }
      ()
    })
    caller.start()
    running.await()
    val closer = new Thread(() => handle.close())
    closer.start()
    while (closer.getState != Thread.State.WAITING) Thread.onSpinWait()
    finish.countDown()
    closer.join()
    caller.join()
    assert(destroyedAfter.get == 1)
  }

  it should "refuse to be closed inside a call of its own" taggedAs Unit in {
    val handle = Handle.owned("net", pointer, _ => 0)
    handle.call { _ =>
      assert(intercept[CaffeException](handle.close()).getCodeName == "STATE")
      0
    }
    handle.close()
  }

  it should "be freed when nothing refers to it" taggedAs Unit in {
    val destroyed = new CountDownLatch(1)
    def forget(): Unit = {
      val handle = Handle.owned("net", pointer, _ => { destroyed.countDown(); 0 })
      assert(handle.lend("blob", pointer).call(_ => 0) == 0)
    }
    forget()
    for (_ <- 1 to 100 if destroyed.getCount > 0) {
      System.gc()
      destroyed.await(100, TimeUnit.MILLISECONDS)
    }
    assert(destroyed.getCount == 0)
  }
}
