import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// Why tensors of another package are no weights that can be used here, or weights of here have no place there.
public enum ExchangeError: Error, Equatable, CustomStringConvertible {
  /// No tensor is named like a recurrent weight of a convention.
  case noRecurrentLayer
  /// Names of tensors fit several conventions.
  case severalConventions([WeightConvention])
  /// - Parameter name: name of the tensor, as far as it is known.
  case missing(String)
  /// Tensors that no part of the model is made of.
  case unread([String])
  /// - Parameter wanted: nil where several shapes would do.
  case shape(String, found: [Int], wanted: [Int]?)
  case type(String, StoredTensor.DType)
  /// A recurrent weight of so many rows, whose gates have so many units, is of no cell.
  case noCell(module: String, rows: Int, units: Int)
  /// Layers of several cells.
  case mixedCells([String])
  /// Cells that the tensors may be of, as they do not tell.
  case ambiguousCell(module: String, [RecurrentWeights.Cell])
  /// A cell that was asked for and that the tensors cannot be of.
  case otherCell(module: String, RecurrentWeights.Cell, found: RecurrentWeights.Cell)
  /// Layers of which only some have two directions.
  case mixedDirections(layer: Int)
  /// A projection that is none of an LSTM, or does not make its output narrower.
  case projection(layer: Int)
  /// Recurrent modules of which more than one order would do.
  case ambiguousOrder([String])
  /// A layer number that is missing.
  case missingLayer(module: String, layer: Int)
  /// An activation that no cell here has which is of the layer's kind.
  ///
  /// - Parameter setting: setting of the layer that names it, such as `recurrent_activation`.
  case activation(String, layer: String, setting: String)
  /// A layer of Keras with something that no layer here has.
  case layer(String, has: String)
  /// Gates that the cell does not have, or whose slope is not positive.
  case gateActivation(GateActivation, RecurrentWeights.Cell)
  /// Layers whose gates have several functions.
  case mixedGateActivations([GateActivation])
  /// A hard sigmoid in a file of no known version of Keras, of which each has a slope of its own.
  ///
  /// - Parameter version: nil where the file names none.
  case hardSigmoidOfKeras(layer: String, version: String?)
  /// A layer around others of which some do not train: files list these after the rest.
  case frozenLayers(String)
  /// A description of a model that cannot be read.
  case configuration
  /// A description of a model with more bytes or objects than are read.
  case configurationTooLong
  /// Something that a convention has no place for.
  case noCounterpart(String, WeightConvention)
  /// Weights of a cell that the type of a stack is not of.
  case otherCellType(RecurrentWeights.Cell, type: String)
  /// Something that layers here have and `RecurrentWeights` do not hold.
  case notOfLayers(String)
  /// Something that a recurrent operator of ONNX has and no layer here does.
  case unsupportedOperator(node: String, String)
  /// An operator of ONNX that is no part of recurrent layers.
  case unknownOperator(String, node: String)
  /// A graph of ONNX in which a recurrent layer is many operators, or none.
  case noRecurrentOperator
  /// Outputs of a graph of ONNX, none of which its highest layer makes.
  case noOutput([String])

  public var description: String {
    switch self {
    case .noRecurrentLayer:
      "it holds no recurrent weights under names of a known package, or of the one that was asked for"
    case .severalConventions(let found):
      "its names fit several conventions: \(found.map(\.rawValue).joined(separator: ", "))"
    case .missing(let name): "it lacks \(name.quotedName)"
    case .unread(let names):
      "it holds \(counted(names.count, "tensor")) that the model has no place for: "
        + names.prefix(4).map(\.quotedName).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    case .shape(let name, let found, let wanted):
      "\(name.printable(atMost: 120)) has the shape \(found)"
        + (wanted.map { ", where \($0) is needed" } ?? ", which is none of a recurrent layer")
    case .type(let name, let type): "\(name.printable(atMost: 120)) is of the type \(type.rawValue), which no weight is"
    case .noCell(let module, let rows, let units):
      "the recurrent weight of \(module.quotedName) has "
        + (rows % units == 0
          ? "\(rows / units) blocks of rows; an LSTM has 4, a GRU 3, an RNN 1"
          : "\(rows) rows for \(counted(units, "unit")); an LSTM has 4 for each, a GRU 3, an RNN 1")
    case .mixedCells(let cells): "its recurrent layers are of several cells: \(cells.joined(separator: ", "))"
    case .ambiguousCell(let module, let cells):
      "\(module.quotedName) may be \(cells.map(\.rawValue).joined(separator: " or ")): its tensors do not tell"
    case .otherCell(let module, let wanted, let found):
      "\(module.quotedName) is of the cell \(found.rawValue), not \(wanted.rawValue)"
    case .mixedDirections(let layer): "layer \(layer) has another number of directions than layer 0"
    case .projection(let layer): "the projection of layer \(layer) is none that an LSTM can have"
    case .ambiguousOrder(let modules):
      "which recurrent layer is above the other is not told by their names: "
        + modules.prefix(4).map(\.quotedName).joined(separator: ", ")
    case .missingLayer(let module, let layer): "\(module.quotedName) has no layer \(layer), but a higher one"
    case .activation(let name, let layer, let setting):
      "its layer \(layer.quotedName) has the \(setting) \(name.quotedName), which no such layer has here"
    case .layer(let layer, let what): "its layer \(layer.quotedName) has \(what), which no layer here has"
    case .gateActivation(let gates, let cell): "the gates of the cell \(cell.rawValue) cannot be a \(gates)"
    case .mixedGateActivations(let found):
      "its recurrent layers have gates of several functions: " + found.map { "\($0)" }.joined(separator: ", ")
    case .hardSigmoidOfKeras(let layer, let version):
      "its layer \(layer.quotedName) has the activation \"hard_sigmoid\", whose slope depends on the version of Keras, and "
        + (version.map { "the version \($0.quotedName) is unknown" } ?? "the file names no version")
        + "; read the layer's tensors with RecurrentWeights(…, gateActivation:) of the library"
    case .frozenLayers(let layer):
      "its layer \(layer.quotedName) holds layers of which some do not train, and HDF5 files list these after the rest, whatever their "
        + "order; save the model as .keras"
    case .configuration: "its description of the model is no JSON object that can be read"
    case .configurationTooLong:
      "its description of the model has more than \(KerasConfiguration.sizeLimit) bytes or \(KerasConfiguration.objectLimit) objects"
    case .noCounterpart(let what, let convention): "\(convention.rawValue) has no place for \(what)"
    case .otherCellType(let cell, let type): "the weights are of the cell \(cell.rawValue), and \(type) is another"
    case .notOfLayers(let what): "\(what) cannot be told by recurrent weights alone"
    case .unsupportedOperator(let node, let what):
      "the operator \(node.quotedName) has \(what.printable(atMost: 200)), which no layer here has"
    case .unknownOperator(let operation, let node):
      "the operator \(operation.quotedName) of \(node.quotedName) is no part of an embedding, recurrent layers and a linear layer; "
        + "ONNXModel.recurrentNodes() of the library gives the layers alone"
    case .noRecurrentOperator:
      "its graph has no operator RNN, LSTM or GRU; where the layers were taken apart, read the file that their package keeps"
    case .noOutput(let names):
      "none of its outputs is what its highest layer makes: "
        + names.prefix(4).map(\.quotedName).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    }
  }
}
