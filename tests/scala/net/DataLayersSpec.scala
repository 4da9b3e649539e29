package sparknet.net

import scala.collection.JavaConverters._

import org.scalatest.flatspec.AnyFlatSpec

import sparknet.jna.Engine
import support.Boundary

class DataLayersSpec extends AnyFlatSpec {
  private def layers(text: String) = Engine.parseNetText(text).getLayerList.asScala

  "Layers that read files or memory" should "be told from all others, with their batches" taggedAs
    Boundary in {
      val reading = layers("""
        layer { name: "a" type: "Data" top: "a" data_param { batch_size: 3 } }
        layer { name: "b" type: "ImageData" top: "b" image_data_param { batch_size: 4 } }
        layer { name: "c" type: "HDF5Data" top: "c" hdf5_data_param { batch_size: 5 } }
        layer { name: "d" type: "MemoryData" top: "d" memory_data_param { batch_size: 6 } }
        layer { name: "e" type: "WindowData" top: "e" window_data_param { batch_size: 7 } }
        layer { name: "f" type: "Data" top: "f" }""")
      assert(reading.forall(DataLayers.reads))
      assert(reading.map(DataLayers.batch) == Seq(3, 4, 5, 6, 7, 0))
      val others = layers("""
        layer { name: "a" type: "Input" top: "a" }
        layer { name: "b" type: "DummyData" top: "b" }
        layer { name: "c" type: "JavaData" top: "c" java_data_param { shape { dim: 9 } } }
        layer { name: "d" type: "ReLU" bottom: "a" top: "d" data_param { batch_size: 3 } }
        layer { name: "e" type: "HDF5Output" bottom: "a" }""")
      assert(!others.exists(DataLayers.reads) && others.forall(DataLayers.batch(_) == 0))
    }
}
