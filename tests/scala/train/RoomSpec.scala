package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support._

class RoomSpec extends AnyFlatSpec {
  private val machine = 64

  "A Room" should "divide an executor's cores among the workers in it" taggedAs Unit in {
    def threads(sharing: Int): Int = Room(8, 8, 1, sharing, 0).threads(machine)
    assert(Seq(1, 2, 3, 8).map(threads) == Seq(8, 4, 2, 1))
    // No more than run at a time.
    assert(threads(100) == 1)
    assert(Room(2, 8, 4, 100, 0).threads(machine) == 4)
  }

  it should "take all processors of an executor whose cores are not known" taggedAs Unit in {
    assert(Room(0, 0, 1, 2, 0).threads(machine) == 32)
    assert(Room(0, 0, 1, 2, 0).slots(machine) == machine)
    assert(Room(0, 0, 16, 100, 0).slots(machine) == 4)
    assert(Room(0, 0, 16, 100, 0).threads(machine) == 16)
    assert(Room(0, 0, 16, 1, 0).slots(2) == 1)
    // local[2]
    assert(Room(2, 0, 1, 2, 0).threads(machine) == 32 && Room(2, 0, 1, 1, 0).slots(machine) == 2)
  }

  it should "share the memory that there is for workers" taggedAs Unit in {
    def room(tasks: Int, held: Int) = Room(tasks, 8, 1, 1, 0, held)
    // Each task has as many vectors as there are workers for it; nets have the momentum of as many.
    assert(room(2, 7).vectors(machine) == 3 && room(2, 7).waiting(machine) == 5)
    // There is always room for one.
    assert(room(4, 3).vectors(machine) == 1 && room(4, 3).waiting(machine) == 0)
    val all = Room(2, 8, 1, 1, 0)
    assert(all.vectors(machine) > 1000000 && all.waiting(machine) > 1000000)
  }

  it should "do as it is asked" taggedAs Unit in {
    assert(Room(8, 8, 1, 1, 3).threads(machine) == 3)
  }
}
