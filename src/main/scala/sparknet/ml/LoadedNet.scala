package sparknet.ml

import caffe.Caffe.NetParameter

import sparknet.io.Places
import sparknet.jna.{CaffeException, Status}

/** Nets that somebody else has trained. */
private[ml] object LoadedNet {

  /** @param parts
    *   of a net that says the shapes of its inputs
    */
  def forms(parts: NetParts): NetForms = new NetForms(
    parts,
    parts.inputs.map { input =>
      parts
        .shapeOf(input)
        .getOrElse(
          throw new CaffeException(
            Status.SHAPE,
            s"the net does not say the shape of its input '$input': give its deploy prototxt"
          )
        )
    }
  )

  /** @param caffemodel
    *   a path or a URI
    * @return
    *   with the net, which layers took weights, and which layers the file has besides
    */
  def read(net: NetParameter, caffemodel: String): (TrainedNet, String) =
    new Places(CaffeModel.hadoop).reading(caffemodel) { file =>
      val in =
        try java.nio.file.Files.newInputStream(java.nio.file.Paths.get(file))
        catch {
          case _: java.nio.file.NoSuchFileException =>
            throw new CaffeException(Status.IO, s"there is no file $caffemodel")
        }
      try TrainedNet.of(net, in, caffemodel)
      finally in.close()
    }
}
