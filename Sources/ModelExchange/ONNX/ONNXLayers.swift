import ForeignFiles
import LanguageModels
import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// Tensors of an ONNX graph that is recurrent layers one above the other, perhaps above an embedding and below a linear layer.
///
/// The recurrent layers are `layers.0.W` and so on, in the order of the graph; the others `embedding.weight`, [symbols, features],
/// `decoder.weight`, [symbols, outputs], and `decoder.bias`.
///
/// The graph is followed from its inputs for sequences of a few steps. Instead of numbers it computes their places (`ONNXPlaces`),
/// so that each layer is known to read what the layer below makes, step for step and number for number, whatever operators
/// arrange values in between. What depends on no input is a constant, which is computed.
struct ONNXLayers {
  var tensors: [String: StoredTensor] = [:]
  /// The cell of every recurrent layer.
  let cell: RecurrentWeights.Cell
  /// Function of the gates of every recurrent layer.
  let gateActivation: GateActivation
  var constants: ONNXConstants
  /// Values that depend on the graph's inputs, by name.
  var places: [String: ONNXPlaces] = [:]
  let recurrent: [ONNXRecurrent]
  /// Whether `Softmax` without an axis is along the last one, as since operator set 13; it was along all from the second one before.
  private let softmaxIsAlongLast: Bool
  /// Whether layers above the first add their input to their output.
  let isResidual: Bool
  /// Sizes of each input but for features, two at least: its steps and sequences, in one order or the other.
  var inputSizes: [String: [Int]] = [:]
  /// The input that the lowest layer reads, by itself or as vectors.
  var sequence: String?
  /// Recurrent layers so far.
  var layers = 0
  /// Steps and sequences that the recurrent layers read.
  var (steps, batch) = (0, 0)
  /// Constant states that were found to be zeros, so that none is read over and over.
  var zeros: Set<String> = []

  /// - Throws: `ONNXError`, or its problem, where a constant cannot be found; `ExchangeError` where an operator is none of such
  ///   layers, or reads something else than the layer below makes.
  init(_ model: ONNXModel) throws {
    let recurrent = try model.recurrentNodes()
    guard !recurrent.isEmpty else { throw ExchangeError.noRecurrentOperator }
    let kinds = try recurrent.map { try RecurrentWeights.kind(of: $0) }
    let cells = Set(kinds.map(\.cell))
    guard cells.count <= 1 else { throw ExchangeError.mixedCells(cells.map(\.rawValue).sorted()) }
    gateActivation = kinds[0].gateActivation
    if let other = kinds.first(where: { [gateActivation] in $0.gateActivation != gateActivation }) {
      throw ExchangeError.mixedGateActivations([gateActivation, other.gateActivation])
    }
    if let inner = recurrent.first(where: { !$0.path.isEmpty }) {
      throw ExchangeError.unknownOperator(inner.path[0], node: inner.name)
    }
    (cell, self.recurrent) = (kinds[0].cell, recurrent)
    isResidual = ModelShape(exportedIn: model.metadata)?.residual ?? false
    softmaxIsAlongLast = model.operatorSets[""] ?? model.operatorSets["ai.onnx"] ?? 13 >= 13
    constants = ONNXConstants(of: model)
    for (number, node) in recurrent.enumerated() {
      tensors["layers.\(number).W"] = node.inputWeight
      tensors["layers.\(number).R"] = node.recurrentWeight
      tensors["layers.\(number).B"] = node.bias
    }
    try place(model.graph, features: recurrent[0].inputWeight.shape[2])
    for node in model.graph.nodes where node.inputs.contains(where: { places[$0] != nil }) { try read(node) }
    guard layers == recurrent.count else { throw isNotAbove(recurrent[layers].name) }
    try requireOutputs(of: model.graph)
  }

  /// Places the inputs of the graph, with small sizes where any will do: different ones, so that no axis passes for another, and odd
  /// ones, which constants of a graph seldom are.
  ///
  /// - Parameter features: numbers that the lowest layer reads of each step.
  private mutating func place(_ graph: ONNXGraph, features: Int) throws {
    let inputs = graph.inputs.filter { graph.initializers[$0.name] == nil }
    let fixed = Set(inputs.flatMap { $0.shape ?? [] }.map { if case .size(let size) = $0 { size } else { 0 } })
      .union(graph.wholeNumbers.flatMap { [$0, $0 + 1] })
    var (named, last) = ([String: Int](), 0)
    /// 5, 3, 7, 9 and so on, without those that the graph has: as sizes, in its constants, or as the end of a range from 0.
    func size() -> Int {
      repeat { last += 1 } while fixed.contains(last < 3 ? 7 - 2 * last : 2 * last + 1)
      return last < 3 ? 7 - 2 * last : 2 * last + 1
    }
    for input in inputs {
      let isReal = input.dtype?.isFloatingPoint ?? false
      var shape: [Int] = []
      for (axis, dimension) in (input.shape ?? Array(repeating: .unknown, count: isReal ? 3 : 2)).enumerated() {
        switch dimension {
        case .size(let size) where size > 0: shape.append(size)
        case .named(let name):
          named[name] = named[name] ?? size()
          shape.append(named[name]!)
        case _ where isReal && axis == 2: shape.append(features)
        default: shape.append(size())
        }
      }
      try take(shape, for: input.name)
      let width = isReal && shape.count > 2 ? shape.last! : 1
      places[input.name] = .all(shape, width: width, .input(input.name))
      let sizes = shape.count > 2 ? Array(shape.dropLast()) : shape
      inputSizes[input.name] = sizes + Array(repeating: 1, count: max(2 - sizes.count, 0))
    }
  }

  private mutating func read(_ node: ONNXNode) throws {
    guard node.isStandard, !node.outputs.isEmpty else { throw unknown(node) }
    switch node.operation {
    case "RNN", "LSTM", "GRU": try readRecurrent(node)
    case "Gather" where node.inputs.count == 2 && places[node.inputs[1]] != nil: try readTable(node)
    case "OneHot": try readOneHot(node)
    case "MatMul":
      guard node.inputs.count == 2 else { throw unknown(node) }
      try readProduct(node, weight: matrix(1, of: node)?.transposed())
    case "Gemm": try readGemm(node)
    case "Add":
      guard node.inputs.count == 2 else { throw unknown(node) }
      if node.inputs.allSatisfy({ places[$0] != nil }) { try readSum(node) } else { try readBias(node) }
    case "Softmax", "LogSoftmax":
      guard case .numbers(let scores, let width, .scores(let isBiased))? = places[node.inputs[0]],
        case .int(let axis) = node.attributes["axis"] ?? .int(softmaxIsAlongLast ? -1 : 1),
        [-1, scores.shape.count - 1].contains(axis), places[node.inputs[0]]?.rows != nil
      else { throw unknown(node) }
      places[node.outputs[0]] = .numbers(scores, width: width, .probabilities(isBiased: isBiased))
    case _ where node.inputs.allSatisfy({ places[$0]?.stage == nil }):
      for output in node.outputs where !output.isEmpty { places[output] = .aside }
    default: try arrange(node)
    }
  }

  /// - Throws: where no output is what the highest layer makes, or its steps are in another order.
  private func requireOutputs(of graph: ONNXGraph) throws {
    let hasScores = tensors["decoder.weight"] != nil
    let isBiased = tensors["decoder.bias"] != nil
    func areOutputs(_ stages: [ONNXStage]) -> [ONNXValue] {
      graph.outputs.filter { places[$0.name]?.stage.map(stages.contains) ?? false }
    }
    let outputs = areOutputs(
      hasScores ? [.scores(isBiased: isBiased), .probabilities(isBiased: isBiased)] : [.hidden(layers)])
    // Scores without the bias that others have are those of another model.
    let others = areOutputs([.scores(isBiased: !isBiased), .probabilities(isBiased: !isBiased)])
    guard !outputs.isEmpty, others.isEmpty else { throw ExchangeError.noOutput(graph.outputs.map(\.name)) }
    guard hasScores else { return }
    for output in outputs {
      // Sequences may stand one after the other again.
      let rows = places[output.name]?.rows
      let orders = [rows, rows?.map { $0 % batch * steps + $0 / batch }]
      let isInOrder = orders.contains { $0.map { zip($0, $0.dropFirst()).allSatisfy(<) } ?? false }
      guard isInOrder, rows?.last == steps * batch - 1 else {
        throw ExchangeError.unsupportedOperator(node: output.name, "scores in another order than its symbols or steps")
      }
    }
  }

  // MARK: Pieces

  func unknown(_ node: ONNXNode) -> ExchangeError { .unknownOperator(node.operation, node: node.label) }

  func isNotAbove(_ node: String) -> ExchangeError {
    .unsupportedOperator(node: node, "an input that is not the output of the layer below")
  }

  func isArranged(_ node: ONNXNode) -> ExchangeError {
    .unsupportedOperator(node: node.label, "the output of the layer below in another order")
  }

  /// An input of the node that is a constant; nil where it is left out.
  mutating func constant(_ index: Int, of node: ONNXNode) throws -> StoredTensor? {
    guard index < node.inputs.count, !node.inputs[index].isEmpty else { return nil }
    guard places[node.inputs[index]] == nil else { throw unknown(node) }
    return try constants.tensor(node.inputs[index], for: node.label)
  }

  /// A weight of the node, a matrix with elements; nil where it is none.
  mutating func matrix(_ index: Int, of node: ONNXNode) throws -> StoredTensor? {
    guard let tensor = try constant(index, of: node), tensor.isFloatingPoint, tensor.shape.count == 2,
      !tensor.shape.contains(0)
    else { return nil }
    return tensor
  }
}

extension ONNXGraph {
  /// Whole numbers of small constants and attributes, such as sizes and bounds, without their signs and beyond 16 bits.
  fileprivate var wholeNumbers: Set<Int> {
    var found: Set<Int> = []
    func insert(_ numbers: some Sequence<some BinaryInteger>) {
      for number in numbers { found.insert(Int(truncatingIfNeeded: number.magnitude & 0xFFFF)) }
    }
    for tensor in constants.values where tensor.count <= 1024 {
      insert(tensor.values(as: Int64.self) ?? tensor.values(as: Int32.self)?.map { Int64($0) } ?? [])
    }
    for attribute in nodes.lazy.flatMap(\.attributes.values) {
      if case .int(let number) = attribute { insert([number]) } else { insert(attribute.integers ?? []) }
    }
    return found
  }
}
