import TensorCheckpoints
import TensorCore

extension ONNXModel {
  /// The bytes of the model's file. They depend on its content alone: what has no order is sorted by name.
  ///
  /// - Parameter path: name of the file in errors.
  /// - Throws: when there are more than a file of the format may have, 2 GiB.
  public func serialized(for path: String = "model.onnx") throws(ONNXError) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.integer(1, formatVersion)
    if !producerName.isEmpty { writer.text(2, producerName) }
    if !producerVersion.isEmpty { writer.text(3, producerVersion) }
    writer.message(7) { graph.write(to: &$0) }
    for (domain, version) in operatorSets.sortedByName {
      writer.message(8) {
        if !domain.isEmpty { $0.text(1, domain) }
        $0.integer(2, version)
      }
    }
    for (name, value) in metadata.sortedByName {
      writer.message(14) {
        $0.text(1, name)
        $0.text(2, value)
      }
    }
    guard writer.bytes.count <= Int32.max else {
      throw ONNXError(file: path, problem: .tooLargeToWrite(size: writer.bytes.count))
    }
    return writer.bytes
  }

  /// Writes the model to `path`, replacing an old file whole or not at all (see `AtomicFile`).
  ///
  /// - Throws: `ONNXError` when it is larger than a file of the format may be, 2 GiB; `FileError` when the file cannot be
  ///   written.
  public func write(to path: String) throws {
    try AtomicFile.write([serialized(for: path)], to: path)
  }
}

extension Dictionary where Key == String {
  /// The entries in the order of their names' bytes.
  fileprivate var sortedByName: [(key: String, value: Value)] { sorted { $0.key.precedesByBytes($1.key) } }
}

extension ONNXGraph {
  fileprivate func write(to writer: inout ProtobufWriter) {
    for node in nodes { writer.message(1) { node.write(to: &$0) } }
    writer.text(2, name)
    for name in initializers.names {
      writer.message(5) { initializers.tensors[name]!.write(to: &$0, named: name) }
    }
    for value in inputs { writer.message(11) { value.write(to: &$0) } }
    for value in outputs { writer.message(12) { value.write(to: &$0) } }
  }
}

extension ONNXNode {
  fileprivate func write(to writer: inout ProtobufWriter) {
    for input in inputs { writer.text(1, input) }
    for output in outputs { writer.text(2, output) }
    if !name.isEmpty { writer.text(3, name) }
    writer.text(4, operation)
    for (name, attribute) in attributes.sortedByName {
      writer.message(5) {
        $0.text(1, name)
        attribute.write(to: &$0)
      }
    }
    if !domain.isEmpty { writer.text(7, domain) }
  }
}

extension ONNXAttribute {
  /// Writes the value, then its kind.
  fileprivate func write(to writer: inout ProtobufWriter) {
    let kind: Int
    switch self {
    case .float(let value):
      writer.float(2, value)
      kind = 1
    case .int(let value):
      writer.integer(3, value)
      kind = 2
    case .string(let value):
      writer.text(4, value)
      kind = 3
    case .tensor(let tensor):
      writer.message(5) { tensor.write(to: &$0, named: "") }
      kind = 4
    case .graph(let graph):
      writer.message(6) { graph.write(to: &$0) }
      kind = 5
    case .floats(let values):
      for value in values { writer.float(7, value) }
      kind = 6
    case .ints(let values):
      for value in values { writer.integer(8, value) }
      kind = 7
    case .strings(let values):
      for value in values { writer.text(9, value) }
      kind = 8
    }
    writer.integer(20, kind)
  }
}

extension ONNXValue {
  fileprivate func write(to writer: inout ProtobufWriter) {
    writer.text(1, name)
    guard dtype != nil || shape != nil else { return }
    writer.message(2) {
      $0.message(1) {
        if let number = dtype?.onnxNumber { $0.integer(1, number) }
        guard let shape else { return }
        $0.message(2) {
          for dimension in shape {
            $0.message(1) {
              switch dimension {
              case .size(let size): $0.integer(1, size)
              case .named(let name): $0.text(2, name)
              case .unknown: break
              }
            }
          }
        }
      }
    }
  }
}

extension StoredTensor {
  /// - Precondition: ONNX has the element type.
  fileprivate func write(to writer: inout ProtobufWriter, named name: String) {
    guard let number = dtype.onnxNumber else { programmingError("ONNXModel: no element type \(dtype.rawValue)") }
    for size in shape { writer.integer(1, size) }
    writer.integer(2, number)
    if !name.isEmpty { writer.text(8, name) }
    writer.bytes(9, bytes)
  }
}
