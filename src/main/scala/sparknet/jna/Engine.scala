package sparknet.jna

import java.nio.charset.StandardCharsets.UTF_8

import caffe.Caffe.{NetParameter, SolverParameter}
import com.sun.jna.Pointer
import com.sun.jna.ptr.{IntByReference, PointerByReference}

/** What concerns the engine as a whole: its settings, and reading and writing prototxts. */
object Engine {
  private def library = NativeLoader.library

  def version: String = library.ccaffe_version()

  /** Registered layer types, sorted. */
  def layerTypes: Array[String] = Buffers.lines(library.ccaffe_layer_types(_))

  /** How many threads a net computes with that is given 0: as many as the machine has cores. */
  def defaultThreads: Int = {
    val result = new IntByReference
    Check.ok(library.ccaffe_default_threads(result))
    result.getValue
  }

  /** Asks for a GPU; without one the CPU goes on working, with one warning per process. */
  def setGpuMode(gpu: Boolean): Unit = Check.ok(library.ccaffe_set_gpu_mode(if (gpu) 1 else 0))

  def setDevice(gpu: Int): Unit = Check.ok(library.ccaffe_set_device(gpu))

  /** Sends the engine's log to the end of a file, or to stderr if `file` is null.
    *
    * @param minLevel
    *   0 everything, 1 warnings and errors, 2 errors, 3 nothing
    */
  def logTo(file: String, minLevel: Int): Unit = Check.ok(library.ccaffe_log_to(file, minLevel))

  /** Has the engine's warnings told to native code, in place of this JVM ([[Warnings]]).
    *
    * @param callback
    *   address of a `ccaffe_warning_callback`, which must outlive the engine's use
    */
  def setWarningCallback(callback: Long): Unit =
    Check.ok(library.ccaffe_set_warning_callback(new Pointer(callback), null))

  /** Changes the process's working directory, against which paths in prototxts are resolved. */
  def setWorkingDirectory(path: String): Unit =
    Check.ok(library.ccaffe_set_working_directory(path))

  /** Sets what runs layers of type Python.
    *
    * @param callback
    *   address of a `ccaffe_python_layer`, which must outlive the nets
    */
  def setPythonLayer(callback: Long): Unit =
    Check.ok(library.ccaffe_set_python_layer(new Pointer(callback), null))

  /** The blob that a Python layer was lent. */
  def lentBlob(reference: Long): NativeBlob = NativeBlob.of(new Pointer(reference))

  /** Adds a parameter blob of zeros to the Python layer of this number, in its setup. */
  def addPythonParam(layer: Long, shape: Array[Int]): NativeBlob = {
    val blob = new PointerByReference
    Check.ok(
      library.ccaffe_python_add_param(layer, shape.map(_.toLong), shape.length, blob)
    )
    NativeBlob.of(blob.getValue)
  }

  /** Reads a net's prototxt; old forms of inputs and BatchNorm are upgraded. */
  def parseNet(path: String): NetParameter = NetParameter.parseFrom(netBytes(path))

  def parseNetText(text: String): NetParameter =
    NetParameter.parseFrom(netBytes(text.getBytes(UTF_8), "<text>"))

  /** Reads a solver's prototxt. */
  def parseSolver(path: String): SolverParameter = SolverParameter.parseFrom(solverBytes(path))

  def parseSolverText(text: String): SolverParameter =
    SolverParameter.parseFrom(solverBytes(text.getBytes(UTF_8), "<text>"))

  def toText(net: NetParameter): String = toText(CCaffe.SPEC_NET, net.toByteArray)

  def toText(solver: SolverParameter): String = toText(CCaffe.SPEC_SOLVER, solver.toByteArray)

  /** The serialised message of a net's prototxt file. */
  def netBytes(path: String): Array[Byte] =
    Buffers.bytes(library.ccaffe_spec_from_file(CCaffe.SPEC_NET, path, _))

  /** The serialised message of a solver's prototxt file. */
  def solverBytes(path: String): Array[Byte] =
    Buffers.bytes(library.ccaffe_spec_from_file(CCaffe.SPEC_SOLVER, path, _))

  /** The serialised message of a net's prototxt.
    *
    * @param name
    *   what errors call it
    */
  def netBytes(text: Array[Byte], name: String): Array[Byte] =
    fromText(CCaffe.SPEC_NET, text, name)

  /** The serialised message of a solver's prototxt; arguments as above. */
  def solverBytes(text: Array[Byte], name: String): Array[Byte] =
    fromText(CCaffe.SPEC_SOLVER, text, name)

  private def fromText(kind: Int, text: Array[Byte], name: String): Array[Byte] =
    Buffers.bytes(library.ccaffe_spec_from_text(kind, text, text.length.toLong, name, _))

  private def toText(kind: Int, message: Array[Byte]): String =
    Buffers.text(library.ccaffe_spec_to_text(kind, message, message.length.toLong, _))
}
