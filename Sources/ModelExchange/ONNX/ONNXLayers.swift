import ForeignFiles
import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// Tensors of an ONNX graph that is an embedding, recurrent layers one above the other and a linear layer, or a part of that.
///
/// The recurrent layers are `layers.0.W` and so on, in the order of the graph; the others `embedding.weight`, [symbols, features],
/// `decoder.weight`, [symbols, outputs], and `decoder.bias`.
struct ONNXLayers {
  private(set) var tensors: [String: StoredTensor] = [:]
  /// The cell of every recurrent layer; nil where there is none.
  let cell: RecurrentWeights.Cell?
  /// Function of the gates of every recurrent layer; the sigmoid where there is none.
  let gateActivation: GateActivation
  private var constants: [String: StoredTensor]
  /// Values that are computed from shapes and whole numbers alone.
  private var sizes: Set<String> = []

  /// Operators that only arrange values, as exporters write them around layers.
  private static let arranging: Set = [
    "Cast", "Concat", "Constant", "ConstantOfShape", "Dropout", "Flatten", "Identity", "Reshape", "Slice", "Squeeze",
    "Unsqueeze", "Softmax", "LogSoftmax", "OneHot",
  ]

  /// - Throws: `ONNXError` where a recurrent weight cannot be found, `ExchangeError` where an operator is none of such layers.
  init(_ model: ONNXModel) throws {
    var constants = model.graph.initializers.tensors
    for node in model.graph.nodes where node.operation == "Constant" {
      if case .tensor(let value)? = node.attributes["value"], let name = node.outputs.first { constants[name] = value }
    }
    self.constants = constants
    let recurrent = try model.recurrentNodes()
    let layers = try recurrent.map { try RecurrentWeights($0) }
    let cells = Set(layers.map(\.cell))
    guard cells.count <= 1 else { throw ExchangeError.mixedCells(cells.map(\.rawValue).sorted()) }
    gateActivation = layers.first?.gateActivation ?? .sigmoid
    if let other = layers.first(where: { [gateActivation] in $0.gateActivation != gateActivation }) {
      throw ExchangeError.mixedGateActivations([gateActivation, other.gateActivation])
    }
    cell = cells.first
    for (number, node) in recurrent.enumerated() {
      tensors["layers.\(number).W"] = node.inputWeight
      tensors["layers.\(number).R"] = node.recurrentWeight
      tensors["layers.\(number).B"] = node.bias
    }
    for node in model.graph.nodes { try read(node) }
  }

  private mutating func read(_ node: ONNXNode) throws(ExchangeError) {
    let inputs = node.inputs.map { constants[$0] }
    func constant(_ index: Int) -> StoredTensor? { inputs.indices.contains(index) ? inputs[index] : nil }
    if node.isArranging(["Shape"]) || isOfSizes(node) {
      sizes.formUnion(node.outputs)
      return
    }
    func isSet(_ attribute: String) -> Bool { node.attributes[attribute] == .int(1) }
    switch node.operation {
    case "RNN", "LSTM", "GRU":
      for index in 5...6 where constant(index).map({ !$0.isZero }) ?? false {
        throw .unsupportedOperator(node: node.name, "an initial state of its own")
      }
    case "Transpose":
      if let matrix = constant(0), matrix.shape.count == 2, let output = node.outputs.first,
        [nil, .ints([1, 0])].contains(node.attributes["perm"])
      {
        constants[output] = matrix.transposed()
      }
    case "Split", "Expand":
      // No weight is split or repeated: this is a state.
      if let state = constant(0), state.isFloatingPoint, !state.isZero {
        throw .unsupportedOperator(node: node.name, "an initial state of its own")
      }
    case "Gather":
      guard let table = constant(0), table.isFloatingPoint, table.shape.count == 2 else { return }
      // One-hot vectors are rows of the identity.
      if !table.isIdentity { add(table, "embedding.weight") }
    case "MatMul":
      guard let weight = constant(1), weight.shape.count == 2 else { throw unknown(node) }
      add(weight.transposed(), "decoder.weight")
    case "Gemm":
      guard let weight = constant(1), weight.shape.count == 2, !isSet("transA"),
        ["alpha", "beta"].allSatisfy({ [nil, .float(1)].contains(node.attributes[$0]) })
      else { throw unknown(node) }
      add(isSet("transB") ? weight : weight.transposed(), "decoder.weight")
      if let bias = constant(2) { add(bias.reshaped([bias.count]), "decoder.bias") }
    case "Add":
      guard let bias = constant(0) ?? constant(1) else { throw unknown(node) }
      add(bias.reshaped([bias.count]), "decoder.bias")
    default:
      guard node.isArranging(Self.arranging) else { throw unknown(node) }
    }
  }

  /// Whether the operator computes a size: its inputs are sizes and whole numbers.
  private func isOfSizes(_ node: ONNXNode) -> Bool {
    node.inputs.contains(where: sizes.contains)
      && node.inputs.allSatisfy { sizes.contains($0) || constants[$0].map { !$0.isFloatingPoint } ?? $0.isEmpty }
  }

  private func unknown(_ node: ONNXNode) -> ExchangeError {
    .unknownOperator(node.operation, node: node.name.isEmpty ? node.outputs.first ?? "" : node.name)
  }

  /// Adds a tensor; a second one of a name has a name that no layer has.
  private mutating func add(_ tensor: StoredTensor, _ name: String) {
    tensors[tensors[name] == nil ? name : "another \(name)"] = tensor
  }
}

extension ONNXNode {
  fileprivate func isArranging(_ operations: Set<String>) -> Bool {
    (domain.isEmpty || domain == "ai.onnx") && operations.contains(operation)
  }
}

extension StoredTensor {
  /// Whether this is a square matrix of ones on the diagonal and zeros elsewhere.
  fileprivate var isIdentity: Bool {
    guard shape.count == 2, shape[0] == shape[1], let values = values(as: Float.self) else { return false }
    return values.enumerated().allSatisfy { $1 == ($0 / shape[0] == $0 % shape[0] ? 1 : 0) }
  }
}
