import TensorCheckpoints
import TensorCore

/// A value of MessagePack: the tree of maps, arrays, numbers, texts and tensors that flax saves.
public indirect enum MessagePackValue: Sendable, Equatable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case array([MessagePackValue])
  /// Keys and values in the order of the file.
  case map([Entry])
  /// An array of NumPy or JAX, or one of its scalars (of shape `[]`): flax's extensions 1 and 3.
  case tensor(StoredTensor)
  /// Bytes of another extension, which has a number from -128 to 127.
  case other(kind: Int, [UInt8])

  /// A key of a map and its value.
  public struct Entry: Sendable, Equatable {
    public let key: MessagePackValue
    public let value: MessagePackValue

    public init(key: MessagePackValue, value: MessagePackValue) { (self.key, self.value) = (key, value) }
  }

  /// The value of a key that is a text; nil where there is none, and of what is no map.
  public subscript(key: String) -> MessagePackValue? {
    guard case .map(let entries) = self else { return nil }
    return entries.last { $0.key == .string(key) }?.value
  }
}

/// How flax names an array's type and marks arrays that are stored in parts.
enum FlaxArray {
  static let kind = 1
  static let scalarKind = 3
  static let chunkMark = "__msgpack_chunked_array__"
  /// Bytes of an array, and of a part, above which flax stores it in parts.
  static let chunkSize = 1 << 30

  static let types: [String: StoredTensor.DType] = [
    "float16": .f16, "float32": .f32, "float64": .f64, "bfloat16": .bf16, "complex64": .c64, "bool": .bool,
    "int8": .i8, "int16": .i16, "int32": .i32, "int64": .i64, "uint8": .u8, "uint16": .u16, "uint32": .u32,
    "uint64": .u64,
  ]
  static let names = Dictionary(uniqueKeysWithValues: types.map { ($1, $0) })
}
