import TensorCheckpoints

extension ONNXGraph {
  /// Tensors that stand in the graph itself, by name: initializers, and those of `Constant` nodes.
  public var constants: [String: StoredTensor] {
    var constants = initializers.tensors
    for node in nodes where node.isStandard && node.operation == "Constant" {
      if case .tensor(let tensor)? = node.attributes["value"], let name = node.outputs.first {
        constants[name] = tensor
      }
    }
    return constants
  }
}

extension ONNXAttribute {
  /// The integers of a list of them; nil for another kind.
  public var integers: [Int]? { if case .ints(let integers) = self { integers } else { nil } }

  /// The graph of a branch or body; nil for another kind.
  public var subgraph: ONNXGraph? { if case .graph(let graph) = self { graph } else { nil } }
}
