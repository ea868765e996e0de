import TensorCore

/// Bytes of a protobuf message, field by field.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func integer(_ number: Int, _ value: Int) {
    key(number, 0)
    varint(value)
  }

  mutating func float(_ number: Int, _ value: Float) {
    key(number, 5)
    bytes += LittleEndianBytes.encode([value])
  }

  mutating func bytes(_ number: Int, _ value: [UInt8]) {
    key(number, 2)
    varint(value.count)
    bytes += value
  }

  mutating func text(_ number: Int, _ value: String) { bytes(number, Array(value.utf8)) }

  mutating func message(_ number: Int, _ write: (inout ProtobufWriter) -> Void) {
    var message = ProtobufWriter()
    write(&message)
    bytes(number, message.bytes)
  }

  private mutating func key(_ number: Int, _ kind: Int) { varint(number << 3 | kind) }

  /// Negative numbers are in two's complement of 64 bits.
  private mutating func varint(_ value: Int) { bytes += LEB128.bytes(UInt64(bitPattern: Int64(value))) }
}
