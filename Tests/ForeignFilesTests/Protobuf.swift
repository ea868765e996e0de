import TensorCore

/// Fields of hand-written protobuf messages.
enum Protobuf {
  static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    LEB128.bytes(number << 3 | 2) + LEB128.bytes(bytes.count) + bytes
  }

  static func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  static func field(_ number: Int, _ value: Int) -> [UInt8] {
    LEB128.bytes(number << 3) + LEB128.bytes(UInt64(bitPattern: Int64(value)))
  }

  /// A model of a graph of these fields.
  static func model(graph: [UInt8]) -> [UInt8] { field(1, 8) + field(7, graph) }

  /// A model of an initializer "w" of these further fields.
  static func model(tensor: [UInt8]) -> [UInt8] { model(graph: field(5, field(8, "w") + tensor)) }

  /// A model of a node "n" of these further fields.
  static func model(node: [UInt8]) -> [UInt8] { model(graph: field(1, field(3, "n") + node)) }
}
