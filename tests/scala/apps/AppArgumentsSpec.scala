package apps

import org.scalatest.flatspec.AnyFlatSpec
import support._

class AppArgumentsSpec extends AnyFlatSpec {
  "AppArguments" should "be found by position and by name" taggedAs Unit in {
    val arguments = new AppArguments(Array("5", "", "file:/a=b", "train-batch=8", "solver=x=y"))
    arguments.expect(3, "train-batch", "solver", "tau")
    assert(arguments.workers == 5 && arguments(1).isEmpty && arguments(2).contains("file:/a=b"))
    assert(arguments.number("train-batch").contains(8) && arguments("solver").contains("x=y"))
    assert(arguments("tau").isEmpty && arguments.number(7).isEmpty)
  }

  it should "be refused by name" taggedAs Unit in {
    def failure(args: String*)(use: AppArguments => Any): String =
      intercept[IllegalArgumentException](use(new AppArguments(args.toArray))).getMessage
    assert(failure("two")(_.workers) == "'two' is not a number")
    assert(failure("0")(_.workers) == "'0' is not a number")
    assert(failure()(_.workers).contains("number of workers"))
    assert(failure("1", "2", "tua=3")(_.expect(1, "tau")) == "unknown: 2, tua")
    assert(failure("tau=3", "1")(_.workers).contains("'1' is out of place"))
  }
}
