import ForeignFiles
import ModelExchange
import TensorCheckpoints
import TensorCore

/// A model that is read is written, and read again as the same; its recurrent nodes have the sizes that they say, and its layers
/// the weights.
func readONNX(_ input: [UInt8]) {
  do {
    let model = try ONNXModel(MappedFile(copying: input, as: "input"))
    let bytes = try! model.serialized()
    do {
      // Compared as bytes: an attribute may be no number, and then equals none.
      let again = try ONNXModel(MappedFile(copying: bytes, as: "again"))
      require(try! again.serialized() == bytes, "a model comes back as it was written")
    } catch {
      // Sizes and names that are written may take more bytes than those that were read.
      guard case .tooMuchDescription = error.problem else { fatalError("a written model is read: \(error)") }
    }
    for node in try model.recurrentNodes() {
      let rows = node.kind.gates * node.hiddenSize
      require(node.inputWeight.shape.count == 3 && node.inputWeight.shape[1] == rows, "W has a row for each gate")
      require(node.recurrentWeight.shape[1...] == [rows, node.hiddenSize], "R has a row for each gate")
      for tensor in [node.inputWeight, node.recurrentWeight, node.bias, node.peepholes].compactMap(\.self) {
        require(8 * tensor.bytes.count == tensor.dtype.bitCount(ofShape: tensor.shape), "a weight has its size")
      }
    }
    // A graph that is followed to its outputs has the weights of its layers.
    let layers = try PackageFile(model, path: "input").tensors
    require(layers["layers.0.W"] != nil, "the layers have weights")
    if let bias = layers["decoder.bias"] {
      require(bias.shape == [layers["decoder.weight"]?.shape.first], "a bias has a number for each score")
    }
  } catch { requireOneLine(error) }
}
