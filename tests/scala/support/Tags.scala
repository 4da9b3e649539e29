package support

import org.scalatest.Tag

// The tiers of tests: the same words as ctest's labels and pytest's markers.

/** Plain JVM code. */
object Unit extends Tag("unit")

/** Runs the native library. */
object Boundary extends Tag("boundary")

/** Runs Spark. */
object SparkTag extends Tag("spark")

/** Takes more than a few seconds. */
object Slow extends Tag("slow")
