import TensorCore

/// Named tensors and metadata: what one safetensors file holds. It knows no model.
public struct Checkpoint: Sendable, Equatable {
  /// The tensors by name. Names that Swift holds for equal strings are one name.
  public var tensors: [String: StoredTensor]
  /// Free text by name. `format_version` and `checksum` are the file's own and never here.
  public var metadata: [String: String]
  /// What errors call it: the path of the file it was read from.
  public var file: String

  public init(
    tensors: [String: StoredTensor] = [:], metadata: [String: String] = [:], file: String = "checkpoint"
  ) {
    self.tensors = tensors
    self.metadata = metadata
    self.file = file
  }

  /// Equal content, whatever file it came from.
  public static func == (left: Checkpoint, right: Checkpoint) -> Bool {
    left.tensors == right.tensors && left.metadata == right.metadata
  }

  /// The names of the tensors in the order of the file: the largest elements first, so that all are aligned, then by
  /// the bytes of the name.
  public var names: [String] {
    tensors.sorted { left, right in
      let (a, b) = (left.value.dtype.bitCount, right.value.dtype.bitCount)
      return a != b ? a > b : left.key.utf8.lexicographicallyPrecedes(right.key.utf8)
    }.map(\.key)
  }

  /// The values of the tensor `name` in row-major order, as `StoredTensor.values(as:)` reads them.
  ///
  /// Throws `SafetensorsError` where there is no such tensor, its shape is not `shape` (if one is given), its type
  /// cannot be read as `Value`, or a finite F64 is beyond the range of the `Float` that is wanted.
  public func values<Value: StoredValue>(
    of name: String, shape: [Int]? = nil, as type: Value.Type = Value.self
  ) throws(SafetensorsError) -> [Value] {
    guard let tensor = tensors[name] else { throw error(.missingTensor(name)) }
    if let shape, tensor.shape != shape {
      throw error(.wrongShape(tensor: name, found: tensor.shape, wanted: shape))
    }
    guard let values = tensor.values(as: type) else {
      throw error(.wrongDType(tensor: name, found: tensor.dtype, wanted: Value.dtype))
    }
    if tensor.dtype == .f64, let floats = values as? [Float], let doubles = tensor.values(as: Double.self),
      let index = floats.indices.first(where: { floats[$0].isInfinite && doubles[$0].isFinite })
    {
      throw error(.tooLargeForFloat(tensor: name, index: index))
    }
    return values
  }

  /// Throws `SafetensorsError` with the first tensor, in the order of `names`, that holds an infinite value or one that
  /// is not a number, and its row-major index.
  public func requireFinite() throws(SafetensorsError) {
    for name in names {
      if let index = tensors[name]?.firstNonFinite() { throw error(.notFinite(tensor: name, index: index)) }
    }
  }

  private func error(_ problem: SafetensorsError.Problem) -> SafetensorsError {
    SafetensorsError(file: file, problem: problem)
  }
}
