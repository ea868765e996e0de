import TensorCheckpoints
import TensorCore

/// Values of a graph that do not depend on its inputs: initializers, constants, and what a few operators make of them.
///
/// It folds what exporters write around recurrent nodes: operators that arrange weights, make states of zeros, and compute shapes
/// (`ONNXFolding.operators`). Each value is computed once.
package struct ONNXConstants {
  package typealias Problem = ONNXError.Problem

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

  /// The constants of a model's own graph.
  package init(of model: ONNXModel) {
    self.init(copies: CopyBudget(forFileOf: model.source?.size ?? 0))
    enter(model.graph)
  }

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
  /// - Parameter node: the node that reads it, for messages.
  package mutating func tensor(_ name: String, for node: String) throws(Problem) -> StoredTensor {
    try tensor(name, in: scopes.count - 1, for: node, depth: 0)
  }

  private mutating func tensor(
    _ name: String, in innermost: Int, for node: String, depth: Int
  ) throws(Problem) -> StoredTensor {
    guard depth <= Self.depthLimit else { throw .chainTooLong(node: node) }
    var isInput = false
    for scope in stride(from: innermost, through: 0, by: -1) {
      if let tensor = scopes[scope].graph.initializers[name] ?? scopes[scope].computed[name] { return tensor }
      if let maker = scopes[scope].makers[name] {
        let tensor = try fold(
          scopes[scope].graph.nodes[maker], making: name, in: scope, for: node, depth: depth)
        scopes[scope].computed[name] = tensor
        return tensor
      }
      isInput = scopes[scope].inputs.contains(name)
      if isInput { break }
    }
    throw isInput ? .notConstant(value: name, node: node) : .noSuchValue(name, node: node)
  }

  private mutating func fold(
    _ maker: ONNXNode, making value: String, in scope: Int, for node: String, depth: Int
  ) throws(Problem) -> StoredTensor {
    guard maker.isStandard, ONNXFolding.operators[maker.operation] != nil else {
      throw .unknownOperator(maker.operation, value: value, node: node)
    }
    var inputs: [StoredTensor?] = []
    for input in maker.inputs {
      inputs.append(input.isEmpty ? nil : try tensor(input, in: scope, for: node, depth: depth + 1))
    }
    return try fold(maker, of: inputs, making: value, for: node)
  }

  /// The output of this name that an operator makes of inputs. Its copies count with those of all constants.
  ///
  /// - Parameters:
  ///   - inputs: nil for those that are left out.
  ///   - node: the node that reads the output, for messages.
  package mutating func fold(
    _ maker: ONNXNode, of inputs: [StoredTensor?], making value: String, for node: String
  ) throws(Problem) -> StoredTensor {
    let operation = ONNXFolding(
      inputs: inputs, attributes: maker.attributes,
      output: (maker.outputs.firstIndex(of: value) ?? 0, maker.outputs.count))
    guard let folded = ONNXFolding.operators[maker.operation]?(operation) else {
      throw .notFoldable(maker.operation, value: value, node: node)
    }
    guard let tensor = folded.tensor(within: &copies) else { throw .tooMuchMemory(value: value) }
    return tensor
  }

  /// Gives a value of the graph that was entered last, which depends on the graph's inputs, a constant: a shape, where sizes are
  /// known.
  package mutating func define(_ name: String, as tensor: StoredTensor) {
    scopes[scopes.count - 1].computed[name] = tensor
  }

  /// Counts `count` bytes of values that are made elsewhere with the copies of constants.
  package mutating func take(_ count: Int, for value: String) throws(Problem) {
    guard copies.take(count) else { throw .tooMuchMemory(value: value) }
  }
}
