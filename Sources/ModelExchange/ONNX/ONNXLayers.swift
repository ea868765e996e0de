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
  /// Names of matrices whose transposes other values are; these are made when a layer needs them.
  private var transposed: [String: String] = [:]
  /// Constants that were found to be zeros, and to be the identity, so that none is read over and over.
  private var (zeros, identities): (Set<String>, Set<String>) = ([], [])
  /// Recurrent layers so far, and the number of them that each value has gone through.
  private var (layers, depths): (Int, [String: Int]) = (0, [:])

  /// Operators that only arrange values, as exporters write them around layers.
  private static let arranging: Set = [
    "Cast", "Concat", "Constant", "ConstantOfShape", "Dropout", "Flatten", "Identity", "Reshape", "Slice", "Squeeze",
    "Unsqueeze", "Softmax", "LogSoftmax", "OneHot",
  ]

  /// - Throws: `ONNXError` where a recurrent weight cannot be found, `ExchangeError` where an operator is none of such layers.
  init(_ model: ONNXModel) throws {
    constants = model.graph.constants
    let recurrent = try model.recurrentNodes()
    let weights = try recurrent.map { try RecurrentWeights($0) }
    let cells = Set(weights.map(\.cell))
    guard cells.count <= 1 else { throw ExchangeError.mixedCells(cells.map(\.rawValue).sorted()) }
    gateActivation = weights.first?.gateActivation ?? .sigmoid
    if let other = weights.first(where: { [gateActivation] in $0.gateActivation != gateActivation }) {
      throw ExchangeError.mixedGateActivations([gateActivation, other.gateActivation])
    }
    cell = cells.first
    for (number, node) in recurrent.enumerated() {
      tensors["layers.\(number).W"] = node.inputWeight
      tensors["layers.\(number).R"] = node.recurrentWeight
      tensors["layers.\(number).B"] = node.bias
    }
    for node in model.graph.nodes {
      try requireOrder(of: node)
      try read(node)
    }
  }

  /// - Throws: where a recurrent layer, or the linear one, does not read the layers below it.
  private mutating func requireOrder(of node: ONNXNode) throws(ExchangeError) {
    let depth = node.inputs.compactMap { depths[$0] }.max() ?? 0
    let isRecurrent = ["RNN", "LSTM", "GRU"].contains(node.operation)
    if isRecurrent || ["MatMul", "Gemm"].contains(node.operation), depths[node.inputs.first ?? ""] ?? 0 != layers {
      throw .unsupportedOperator(node: node.label, "an input that is not the output of the layer below")
    }
    if isRecurrent { layers += 1 }
    for output in node.outputs where !output.isEmpty { depths[output] = isRecurrent ? layers : depth }
  }

  private mutating func read(_ node: ONNXNode) throws(ExchangeError) {
    guard node.isStandard else { throw unknown(node) }
    if node.operation == "Shape" || isOfSizes(node) {
      sizes.formUnion(node.outputs)
      return
    }
    func isSet(_ attribute: String) -> Bool { node.attributes[attribute] == .int(1) }
    switch node.operation {
    case "RNN", "LSTM", "GRU":
      for index in 5...6 { try requireZero(index, of: node) }
    case "Transpose":
      guard let input = node.inputs.first, let output = node.outputs.first,
        [nil, .ints([1, 0])].contains(node.attributes["perm"])
      else { return }
      if let original = transposed[input] {
        constants[output] = constants[original]
      } else if constants[input]?.shape.count == 2 {
        transposed[output] = input
      }
    case "Split", "Expand":
      // No weight is split or repeated: this is a state.
      if constant(0, of: node)?.isFloatingPoint ?? false { try requireZero(0, of: node) }
    case "Gather":
      guard let name = node.inputs.first, !identities.contains(name), let table = constant(0, of: node),
        table.isFloatingPoint, table.shape.count == 2, let place = place(for: "embedding.weight")
      else { return }
      // One-hot vectors are rows of the identity.
      if table.isIdentity { identities.insert(name) } else { tensors[place] = table }
    case "MatMul":
      guard let place = place(for: "decoder.weight") else { return }
      guard let weight = constant(1, of: node), weight.shape.count == 2 else { throw unknown(node) }
      tensors[place] = weight.transposed()
    case "Gemm":
      guard let place = place(for: "decoder.weight") else { return }
      guard let weight = constant(1, of: node), weight.shape.count == 2, !isSet("transA"),
        ["alpha", "beta"].allSatisfy({ [nil, .float(1)].contains(node.attributes[$0]) })
      else { throw unknown(node) }
      tensors[place] = isSet("transB") ? weight : weight.transposed()
      if node.inputs.count > 2, !node.inputs[2].isEmpty {
        guard let bias = constant(2, of: node) else { throw unknown(node) }
        addBias(bias)
      }
    case "Add":
      guard let bias = constant(0, of: node) ?? constant(1, of: node) else { throw unknown(node) }
      addBias(bias)
    default:
      guard Self.arranging.contains(node.operation) else { throw unknown(node) }
    }
  }

  /// Whether the operator computes a size: its inputs are sizes and whole numbers.
  private func isOfSizes(_ node: ONNXNode) -> Bool {
    node.inputs.contains(where: sizes.contains)
      && node.inputs.allSatisfy { sizes.contains($0) || constants[$0].map { !$0.isFloatingPoint } ?? $0.isEmpty }
  }

  private func unknown(_ node: ONNXNode) -> ExchangeError {
    .unknownOperator(node.operation, node: node.label)
  }

  /// An input of the node; nil where it is no constant.
  private func constant(_ index: Int, of node: ONNXNode) -> StoredTensor? {
    guard index < node.inputs.count else { return nil }
    let name = node.inputs[index]
    return constants[name] ?? transposed[name].flatMap { constants[$0]?.transposed() }
  }

  /// - Throws: where an input is a constant other than zeros.
  private mutating func requireZero(_ index: Int, of node: ONNXNode) throws(ExchangeError) {
    guard index < node.inputs.count, !zeros.contains(node.inputs[index]), let state = constant(index, of: node) else {
      return
    }
    guard state.isZero else { throw .unsupportedOperator(node: node.label, "an initial state of its own") }
    zeros.insert(node.inputs[index])
  }

  /// Name under which a further tensor of this name is kept: a second one has a name that no layer has. Nil for more.
  private func place(for name: String) -> String? { [name, "another \(name)"].first { tensors[$0] == nil } }

  private mutating func addBias(_ bias: StoredTensor) {
    if let place = place(for: "decoder.bias") { tensors[place] = bias.reshaped([bias.count]) }
  }
}

extension StoredTensor {
  /// Whether this is a square matrix of ones on the diagonal and zeros elsewhere.
  fileprivate var isIdentity: Bool {
    shape.count == 2 && shape[0] == shape[1]
      && (0..<shape[0]).allSatisfy { row in
        rows(row..<row + 1).values(as: Float.self)?.enumerated().allSatisfy { $1 == ($0 == row ? 1 : 0) } ?? false
      }
  }
}
