import TensorCheckpoints
import TensorCore

/// A model in the ONNX format: a graph of operators, its weights, and what is said about it.
///
/// The format is that of onnx.proto, a protobuf message. Documentation texts, types of inner values, and training graphs are
/// not kept.
public struct ONNXModel: Sendable {
  /// Version of the format; 8 goes with operator set 17.
  public var formatVersion: Int
  /// Versions of operators by domain; the standard operators have the domain "".
  public var operatorSets: [String: Int]
  public var producerName: String
  public var producerVersion: String
  /// Texts by name (`metadata_props`).
  public var metadata: [String: String]
  public var graph: ONNXGraph

  /// The file that the model was read from, and its size with that of its data files; nil for a model that was made.
  let source: (path: String, size: Int)?

  public init(
    formatVersion: Int, operatorSets: [String: Int], producerName: String = "", producerVersion: String = "",
    metadata: [String: String] = [:], graph: ONNXGraph
  ) {
    self.init(
      formatVersion: formatVersion, operatorSets: operatorSets, producerName: producerName,
      producerVersion: producerVersion, metadata: metadata, graph: graph, source: nil)
  }

  init(
    formatVersion: Int, operatorSets: [String: Int], producerName: String, producerVersion: String,
    metadata: [String: String], graph: ONNXGraph, source: (path: String, size: Int)?
  ) {
    (self.formatVersion, self.operatorSets, self.metadata) = (formatVersion, operatorSets, metadata)
    (self.producerName, self.producerVersion) = (producerName, producerVersion)
    (self.graph, self.source) = (graph, source)
  }
}

extension ONNXModel: Equatable {
  /// Whether two models have the same content, wherever they are from.
  public static func == (left: ONNXModel, right: ONNXModel) -> Bool {
    left.formatVersion == right.formatVersion && left.operatorSets == right.operatorSets
      && left.producerName == right.producerName && left.producerVersion == right.producerVersion
      && left.metadata == right.metadata && left.graph == right.graph
  }
}

/// Operators that compute outputs from inputs, in an order in which each one's inputs are there before it.
public struct ONNXGraph: Sendable, Equatable {
  public var name: String
  public var nodes: [ONNXNode]
  /// Weights, and defaults of inputs of the same name.
  public var initializers: NamedTensors
  public var inputs: [ONNXValue]
  public var outputs: [ONNXValue]

  public init(
    name: String, nodes: [ONNXNode], initializers: NamedTensors = NamedTensors([]), inputs: [ONNXValue],
    outputs: [ONNXValue]
  ) {
    (self.name, self.nodes, self.initializers) = (name, nodes, initializers)
    (self.inputs, self.outputs) = (inputs, outputs)
  }
}

/// An operator in a graph.
public struct ONNXNode: Sendable, Equatable {
  /// The operator's name, such as `LSTM`.
  public var operation: String
  /// Domain of the operator; "" for the standard ones.
  public var domain: String
  /// Name of the node; it may be empty.
  public var name: String
  /// Names of the values that the operator reads; empty for an optional one that is left out.
  public var inputs: [String]
  public var outputs: [String]
  public var attributes: [String: ONNXAttribute]

  public init(
    _ operation: String, domain: String = "", name: String = "", inputs: [String], outputs: [String],
    attributes: [String: ONNXAttribute] = [:]
  ) {
    (self.operation, self.domain, self.name) = (operation, domain, name)
    (self.inputs, self.outputs, self.attributes) = (inputs, outputs, attributes)
  }

  /// Whether the operator is one of the standard ones.
  package var isStandard: Bool { domain.isEmpty || domain == "ai.onnx" }
}

/// A constant of an operator.
public enum ONNXAttribute: Sendable, Equatable {
  case float(Float)
  case int(Int)
  case string(String)
  case tensor(StoredTensor)
  /// A graph within the graph: a branch of `If`, the body of `Loop` or `Scan`. It reads the values around it too.
  case graph(ONNXGraph)
  case floats([Float])
  case ints([Int])
  case strings([String])
}

/// An input or output of a graph.
public struct ONNXValue: Sendable, Equatable {
  public var name: String
  /// Element type; nil where it is not a tensor of a type that `StoredTensor` has.
  public var dtype: StoredTensor.DType?
  /// Sizes along the axes; nil where their number is not known.
  public var shape: [Dimension]?

  public init(_ name: String, dtype: StoredTensor.DType?, shape: [Dimension]?) {
    (self.name, self.dtype, self.shape) = (name, dtype, shape)
  }

  /// Size along an axis.
  public enum Dimension: Sendable, Equatable {
    case size(Int)
    /// A size that is equal wherever the name stands.
    case named(String)
    case unknown
  }
}
