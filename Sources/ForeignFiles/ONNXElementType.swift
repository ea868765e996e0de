import TensorCheckpoints

extension StoredTensor.DType {
  /// The type of a number of `TensorProto.DataType`; nil for texts, numbers of 128 bits and those of 6 bits or fewer.
  init?(onnx number: Int) {
    guard let entry = Self.onnxNumbers.first(where: { $0.1 == number }) else { return nil }
    self = entry.0
  }

  /// The number of `TensorProto.DataType`; nil where there is none.
  var onnxNumber: Int? { Self.onnxNumbers.first { $0.0 == self }?.1 }

  private static let onnxNumbers: [(Self, Int)] = [
    (.f32, 1), (.u8, 2), (.i8, 3), (.u16, 4), (.i16, 5), (.i32, 6), (.i64, 7), (.bool, 9), (.f16, 10), (.f64, 11),
    (.u32, 12), (.u64, 13), (.c64, 14), (.bf16, 16), (.f8e4m3, 17), (.f8e4m3fnuz, 18), (.f8e5m2, 19), (.f8e5m2fnuz, 20),
    (.f8e8m0, 24),
  ]
}
