import TensorCore

/// A message in the wire format of Protocol Buffers, as far as events need it: each field is a key, of its number and its type,
/// and a value (https://protobuf.dev/programming-guides/encoding).
struct ProtocolMessage {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ field: Int, _ value: Int) {
    add(key: field, type: 0, LEB128.bytes(UInt64(bitPattern: Int64(value))))
  }

  mutating func add(_ field: Int, _ value: Double) { add(key: field, type: 1, LittleEndianBytes.encode([value])) }

  mutating func add(_ field: Int, _ value: Float) { add(key: field, type: 5, LittleEndianBytes.encode([value])) }

  mutating func add(_ field: Int, _ value: String) { add(field, Array(value.utf8)) }

  /// Adds a message within this one; `fields` adds its fields.
  mutating func add(_ field: Int, _ fields: (inout ProtocolMessage) -> Void) {
    var message = ProtocolMessage()
    fields(&message)
    add(field, message.bytes)
  }

  private mutating func add(_ field: Int, _ content: [UInt8]) {
    add(key: field, type: 2, LEB128.bytes(content.count) + content)
  }

  private mutating func add(key field: Int, type: Int, _ value: [UInt8]) {
    bytes += LEB128.bytes(field << 3 | type) + value
  }
}
