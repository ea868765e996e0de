import TensorCore

/// Instructions of hand-written pickles.
enum Pickle {
  /// A whole pickle of protocol 2.
  static func file(_ value: [UInt8]) -> [UInt8] { [0x80, 2] + value + [0x2E] }

  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

  static func text(_ text: String) -> [UInt8] {
    [0x58] + LittleEndianBytes.encode([UInt32(text.utf8.count)]) + Array(text.utf8)
  }

  static func int(_ number: Int) -> [UInt8] { [0x8A, 8] + LittleEndianBytes.encode([Int64(number)]) }

  static func tuple(_ values: [[UInt8]]) -> [UInt8] { [0x28] + values.joined() + [0x74] }

  static func list(_ values: [[UInt8]]) -> [UInt8] { [0x5D, 0x28] + values.joined() + [0x65] }

  static func dictionary(_ entries: [(String, [UInt8])]) -> [UInt8] {
    [0x7D, 0x28] + entries.flatMap { text($0.0) + $0.1 } + [0x75]
  }

  static func call(_ callable: [UInt8], _ arguments: [[UInt8]]) -> [UInt8] { callable + tuple(arguments) + [0x52] }

  static func storage(_ name: String = "0", kind: String = "FloatStorage", count: Int = 8) -> [UInt8] {
    tuple([text("storage"), global("torch", kind), text(name), text("cpu"), int(count)]) + [0x51]
  }

  static func tensor(
    _ storage: [UInt8] = storage(), offset: Int = 0, shape: [Int], strides: [Int]
  ) -> [UInt8] {
    call(
      global("torch._utils", "_rebuild_tensor_v2"),
      [
        storage, int(offset), tuple(shape.map(int)), tuple(strides.map(int)), [0x89],
        call(global("collections", "OrderedDict"), []),
      ])
  }
}
