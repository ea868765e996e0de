import TensorCheckpoints
import TensorCore

/// A recurrent operator of an ONNX graph (`RNN`, `LSTM` or `GRU`), with its weights as they stand there.
///
/// Letters: D directions (1, or 2: forward and backward), G gates, H units, I inputs. The gates of an LSTM are in the order
/// i, o, f, c; those of a GRU z, r, h.
public struct ONNXRecurrent: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case rnn = "RNN"
    case lstm = "LSTM"
    case gru = "GRU"

    /// Gates of a unit.
    public var gates: Int {
      switch self {
      case .rnn: 1
      case .lstm: 4
      case .gru: 3
      }
    }

    fileprivate var defaultActivations: [String] {
      switch self {
      case .rnn: ["Tanh"]
      case .lstm: ["Sigmoid", "Tanh", "Tanh"]
      case .gru: ["Sigmoid", "Tanh"]
      }
    }
  }

  public enum Direction: String, Sendable {
    case forward, reverse, bidirectional
  }

  public let kind: Kind
  /// Name of the node, or of its first output where it has none.
  public let name: String
  /// The graphs within the model's graph that lead to the node, such as `If.then_branch`; empty in the graph itself.
  public let path: [String]
  /// Name of the input sequence.
  public let input: String
  /// Names of the outputs; empty for those that are left out. The first is that of all steps.
  public let outputs: [String]
  public let direction: Direction
  /// H.
  public let hiddenSize: Int
  /// Functions of each direction in turn: of an LSTM those of the gates, of the candidate and of the output.
  public let activations: [String]
  /// Parameters of the functions that take them, in their order; functions that are left without have their defaults.
  public let activationAlpha: [Float]
  public let activationBeta: [Float]
  /// Bound of the preactivations; nil for none.
  public let clip: Float?
  /// Whether an LSTM's forget gate is 1 − i.
  public let couplesInputAndForget: Bool
  /// Whether sequences are [batch, time, features] rather than [time, batch, features] (`layout`).
  public let isBatchFirst: Bool
  /// Whether a GRU's reset gate is applied after the matrix product (`linear_before_reset`).
  public let resetsAfterProduct: Bool
  /// W, [D, G·H, I].
  public let inputWeight: StoredTensor
  /// R, [D, G·H, H].
  public let recurrentWeight: StoredTensor
  /// B, [D, 2·G·H]: for each direction the biases of the input's product, then of the recurrent one; nil for zeros.
  public let bias: StoredTensor?
  /// P, [D, 3·H], an LSTM's peepholes in the order i, o, f; nil for none.
  public let peepholes: StoredTensor?
}

extension ONNXModel {
  /// The recurrent operators in the order of the graph, also those within branches and loops, each with its weights.
  ///
  /// A weight may be an initializer, a constant, or made of these by operators that arrange numbers, such as `Transpose`, `Reshape`,
  /// `Concat`, `Slice`, `Gather`, `Expand`, and `Cast` (to 32 or 64 bits). Weights that stand in the file as they are used stay
  /// there.
  ///
  /// - Throws: `ONNXError` when a weight depends on an input of the graph or on another operator, which it names, or when
  ///   weights and attributes do not fit each other.
  public func recurrentNodes() throws(ONNXError) -> [ONNXRecurrent] {
    var reader = ONNXRecurrentReader(copies: CopyBudget(forFileOf: source?.size ?? 0))
    do throws(ONNXError.Problem) { try reader.read(graph, path: []) } catch {
      throw ONNXError(file: source?.path ?? "model", problem: error)
    }
    return reader.found
  }
}

/// A walk through a graph and the graphs within it.
private struct ONNXRecurrentReader {
  typealias Problem = ONNXError.Problem

  private(set) var found: [ONNXRecurrent] = []
  private var constants: ONNXConstants

  init(copies: CopyBudget) { constants = ONNXConstants(copies: copies) }

  mutating func read(_ graph: ONNXGraph, path: [String]) throws(Problem) {
    constants.enter(graph)
    defer { constants.leave() }
    for node in graph.nodes {
      if node.isStandard, let kind = ONNXRecurrent.Kind(rawValue: node.operation) {
        found.append(try recurrent(kind, node, path: path))
      }
      for (name, attribute) in node.attributes.sorted(by: { $0.key.precedesByBytes($1.key) }) {
        if case .graph(let inner) = attribute { try read(inner, path: path + ["\(node.operation).\(name)"]) }
      }
    }
  }

  private mutating func recurrent(
    _ kind: ONNXRecurrent.Kind, _ node: ONNXNode, path: [String]
  ) throws(Problem) -> ONNXRecurrent {
    let attributes = ONNXRecurrentAttributes(node)
    guard let direction = ONNXRecurrent.Direction(rawValue: try attributes.text("direction") ?? "forward") else {
      throw .wrongAttribute("direction", node: node.label)
    }
    let directions = direction == .bidirectional ? 2 : 1
    let recurrent = try required(weight(2, "R", of: node), "R", of: node)
    let rank = recurrent.shape.count
    let hidden = try attributes.integer("hidden_size") ?? (rank == 3 ? recurrent.shape[2] : 0)
    guard 1...1 << 31 ~= hidden else { throw .wrongAttribute("hidden_size", node: node.label) }
    func checked(_ tensor: StoredTensor?, _ name: String, _ wanted: [Int?]) throws(Problem) -> StoredTensor? {
      guard let tensor else { return nil }
      guard tensor.shape.count == wanted.count, zip(tensor.shape, wanted).allSatisfy({ $1 == nil || $0 == $1 }) else {
        throw .wrongShape(name, node: node.label, found: tensor.shape, wanted: wanted)
      }
      return tensor
    }
    _ = try checked(recurrent, "R", [directions, kind.gates * hidden, hidden])
    let input = try required(
      checked(weight(1, "W", of: node), "W", [directions, kind.gates * hidden, nil]), "W", of: node)
    let activations = try attributes.texts("activations") ?? []
    let count = directions * kind.defaultActivations.count
    guard activations.isEmpty || activations.count == count else {
      throw .wrongAttribute("activations", node: node.label)
    }
    return ONNXRecurrent(
      kind: kind, name: node.label, path: path, input: node.inputs.first ?? "", outputs: node.outputs,
      direction: direction, hiddenSize: hidden,
      activations: activations.isEmpty
        ? (0..<directions).flatMap { _ in kind.defaultActivations } : activations,
      activationAlpha: try attributes.numbers("activation_alpha") ?? [],
      activationBeta: try attributes.numbers("activation_beta") ?? [], clip: try attributes.number("clip"),
      couplesInputAndForget: try attributes.flag("input_forget"), isBatchFirst: try attributes.flag("layout"),
      resetsAfterProduct: try attributes.flag("linear_before_reset"), inputWeight: input,
      recurrentWeight: recurrent,
      bias: try checked(weight(3, "B", of: node), "B", [directions, 2 * kind.gates * hidden]),
      peepholes: kind == .lstm ? try checked(weight(7, "P", of: node), "P", [directions, 3 * hidden]) : nil)
  }

  /// An input of the node that is a constant; nil where it is left out.
  private mutating func weight(_ index: Int, _ name: String, of node: ONNXNode) throws(Problem) -> StoredTensor? {
    guard index < node.inputs.count, !node.inputs[index].isEmpty else { return nil }
    let tensor = try constants.tensor(node.inputs[index], for: node.label)
    guard [.f32, .f64, .f16, .bf16].contains(tensor.dtype) else {
      throw .wrongType(name, node: node.label, found: tensor.dtype)
    }
    return tensor
  }

  private func required(
    _ tensor: StoredTensor?, _ name: String, of node: ONNXNode
  ) throws(Problem) -> StoredTensor {
    guard let tensor else { throw .missingInput(name, node: node.label) }
    return tensor
  }
}

/// Attributes of a node, by their kinds.
private struct ONNXRecurrentAttributes {
  typealias Problem = ONNXError.Problem

  private let node: ONNXNode

  init(_ node: ONNXNode) { self.node = node }

  /// Reads the attribute by `value`; nil where there is none.
  private func read<Value>(_ name: String, _ value: (ONNXAttribute) -> Value?) throws(Problem) -> Value? {
    guard let attribute = node.attributes[name] else { return nil }
    guard let value = value(attribute) else { throw .wrongAttribute(name, node: node.label) }
    return value
  }

  func text(_ name: String) throws(Problem) -> String? {
    try read(name) { if case .string(let value) = $0 { value } else { nil } }
  }

  func texts(_ name: String) throws(Problem) -> [String]? {
    try read(name) { if case .strings(let values) = $0 { values } else { nil } }
  }

  func integer(_ name: String) throws(Problem) -> Int? {
    try read(name) { if case .int(let value) = $0 { value } else { nil } }
  }

  func number(_ name: String) throws(Problem) -> Float? {
    try read(name) { if case .float(let value) = $0 { value } else { nil } }
  }

  func numbers(_ name: String) throws(Problem) -> [Float]? {
    try read(name) { if case .floats(let values) = $0 { values } else { nil } }
  }

  func flag(_ name: String) throws(Problem) -> Bool {
    try read(name) { if case .int(let value) = $0, 0...1 ~= value { value == 1 } else { nil } } ?? false
  }
}
