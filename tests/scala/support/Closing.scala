package support

/** Closes what a test opened, also when the test fails. */
object Closing {
  def using[A <: AutoCloseable, B](resource: A)(body: A => B): B =
    try body(resource)
    finally resource.close()
}
