import TensorCore

/// Named tensors and metadata: the content of one safetensors file. It knows nothing of models.
public struct Checkpoint: Sendable, Equatable {
  /// The tensors by name. Names are compared as Swift compares strings, by canonical equivalence.
  public var tensors: [String: StoredTensor]
  /// Text by name. `format_version` and `checksum` belong to the file and are never among them.
  public var metadata: [String: String]
  /// The name of this checkpoint in error messages: the path of the file that it was read from.
  public var file: String
  /// Whether it was read from a file with a checksum, which matched.
  public internal(set) var isSealed = false

  public init(
    tensors: [String: StoredTensor] = [:], metadata: [String: String] = [:], file: String = "checkpoint"
  ) {
    self.tensors = tensors
    self.metadata = metadata
    self.file = file
  }

  /// Whether tensors and metadata are equal; the file is not compared.
  public static func == (left: Checkpoint, right: Checkpoint) -> Bool {
    left.tensors == right.tensors && left.metadata == right.metadata
  }

  /// The names of the tensors in the order of the file: by element size, largest first, so that all are aligned, then
  /// by the bytes of the name.
  public var names: [String] {
    tensors.sorted { left, right in
      let (a, b) = (left.value.dtype.bitCount, right.value.dtype.bitCount)
      return a != b ? a > b : left.key.precedesByBytes(right.key)
    }.map(\.key)
  }

  /// The values of the tensor `name` in row-major order, as `StoredTensor.values(as:)` reads them.
  ///
  /// - Throws: `SafetensorsError` when there is no such tensor, its shape is not `shape` (if one is given), its type
  ///   cannot be read as `Value`, or a finite F64 is out of the range of `Float`.
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

  /// Checks that there is a tensor `name` of this shape and of a type that reads as floating-point numbers.
  ///
  /// - Throws: `SafetensorsError`.
  package func requireFloatingPoint(_ name: String, shape: [Int]) throws(SafetensorsError) {
    guard let tensor = tensors[name] else { throw error(.missingTensor(name)) }
    guard tensor.shape == shape else { throw error(.wrongShape(tensor: name, found: tensor.shape, wanted: shape)) }
    guard [.f64, .f32, .f16, .bf16].contains(tensor.dtype) else {
      throw error(.wrongDType(tensor: name, found: tensor.dtype, wanted: .f32))
    }
  }

  /// Checks that all floating-point values are finite.
  ///
  /// - Throws: `SafetensorsError` with the first tensor, in the order of `names`, that holds an infinity or NaN, and the
  ///   row-major index of that value.
  public func requireFinite() throws(SafetensorsError) {
    for name in names {
      if let index = tensors[name]?.firstNonFinite() { throw error(.notFinite(tensor: name, index: index)) }
    }
  }

  private func error(_ problem: SafetensorsError.Problem) -> SafetensorsError {
    SafetensorsError(file: file, problem: problem)
  }
}
