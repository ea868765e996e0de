import TensorCheckpoints
import TensorCore

/// Values of a graph that do not depend on its inputs: initializers, constants, and what a few operators make of them.
///
/// It folds what exporters write before the weights of recurrent nodes: `Identity`, `Cast`, `Transpose`, `Reshape`, `Concat`,
/// `Slice`, `Unsqueeze`, `Squeeze`. Each value is computed once.
struct ONNXConstants {
  typealias Problem = ONNXError.Problem

  /// Operators between an initializer and a weight.
  static let depthLimit = 64

  /// A graph and the graphs around it.
  private struct Scope {
    let graph: ONNXGraph
    /// The node that makes a value.
    let makers: [String: Int]
    let inputs: Set<String>
    var computed: [String: StoredTensor] = [:]
  }

  private var scopes: [Scope] = []
  private var copies: CopyBudget

  /// - Parameter copies: memory for values that are computed.
  init(copies: CopyBudget) { self.copies = copies }

  /// Enters a graph within the one that was entered last, whose values it reads too.
  mutating func enter(_ graph: ONNXGraph) {
    var makers: [String: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { makers[output] = index }
    }
    scopes.append(Scope(graph: graph, makers: makers, inputs: Set(graph.inputs.map(\.name))))
  }

  mutating func leave() { scopes.removeLast() }

  /// The value of this name.
  ///
  /// - Parameter node: the recurrent node that reads it, for messages.
  mutating func tensor(_ name: String, for node: String) throws(Problem) -> StoredTensor {
    try tensor(name, in: scopes.count - 1, for: node, depth: 0)
  }

  private mutating func tensor(
    _ name: String, in innermost: Int, for node: String, depth: Int
  ) throws(Problem) -> StoredTensor {
    guard depth <= Self.depthLimit else { throw .chainTooLong(node: node) }
    for scope in stride(from: innermost, through: 0, by: -1) {
      if let tensor = scopes[scope].graph.initializers[name] ?? scopes[scope].computed[name] { return tensor }
      if let maker = scopes[scope].makers[name] {
        let tensor = try fold(
          scopes[scope].graph.nodes[maker], making: name, in: scope, for: node, depth: depth)
        scopes[scope].computed[name] = tensor
        return tensor
      }
      if scopes[scope].inputs.contains(name) { break }
    }
    throw .notConstant(value: name, node: node)
  }

  private mutating func fold(
    _ maker: ONNXNode, making value: String, in scope: Int, for node: String, depth: Int
  ) throws(Problem) -> StoredTensor {
    guard maker.isStandard, maker.outputs.count == 1, let folding = ONNXFolding.operators[maker.operation] else {
      throw .unknownOperator(maker.operation, value: value, node: node)
    }
    var inputs: [StoredTensor?] = []
    for input in maker.inputs {
      inputs.append(input.isEmpty ? nil : try tensor(input, in: scope, for: node, depth: depth + 1))
    }
    let operation = ONNXFolding(inputs: inputs, attributes: maker.attributes)
    guard let folded = folding(operation) else {
      throw .notFoldable(maker.operation, value: value, node: node)
    }
    guard let tensor = folded.tensor(within: &copies) else { throw .tooMuchMemory(value: value) }
    return tensor
  }
}
