import TensorCheckpoints

/// A class or function of Python that a pickle may name. None is run: each stands for what `PickleReader` makes of it.
enum PickleGlobal {
  case orderedDictionary
  case tensor
  case parameter
  case size
  case device
  /// Bytes, in protocols that have none of their own.
  case encode
  case storage(StoredTensor.DType)

  /// Nil where the name is not one of them.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"): self = .tensor
    case ("torch._utils", "_rebuild_parameter"): self = .parameter
    case ("torch", "Size"): self = .size
    case ("torch", "device"): self = .device
    case ("_codecs", "encode"): self = .encode
    case ("torch", _):
      guard let dtype = Self.storages[name] else { return nil }
      self = .storage(dtype)
    default: return nil
    }
  }

  private static let storages: [String: StoredTensor.DType] = [
    "DoubleStorage": .f64, "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16, "LongStorage": .i64,
    "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8, "BoolStorage": .bool,
    "ComplexFloatStorage": .c64,
  ]

  /// Types of elements in `torch`, which a pickle may hold as values.
  static let dtypes: Set<String> = [
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
  ]
}
