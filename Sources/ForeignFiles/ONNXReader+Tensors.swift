import TensorCheckpoints
import TensorCore

extension ONNXReader {
  /// A tensor, whose numbers are in one of the fields of `TensorProto` that its type may use.
  ///
  /// - Parameter owner: name of a tensor that has none itself, for messages.
  mutating func tensor(
    _ field: ProtobufField, of owner: String = ""
  ) throws(Problem) -> (name: String, tensor: StoredTensor) {
    var fields = try message(field)
    var (name, number, shape) = ("", 0, [Int]())
    var (data, external, isExternal) = (ProtobufField?.none, ONNXExternalData(), false)
    var (isTwice, hasOtherData) = (false, false)
    var label: String { name.isEmpty ? owner : name }
    while let field = try fields.next() {
      switch field.number {
      case 1:
        guard shape.count <= CheckpointLimits.rank, field.size <= 10 * CheckpointLimits.rank else {
          throw .tooManyDimensions(tensor: label)
        }
        shape += try field.integers()
      case 2: number = try field.integer()
      case 4, 5, 7, 9, 10, 11:
        // Some writers leave empty fields of other types.
        if case .bytes(let range) = field.content, range.isEmpty { continue }
        isTwice = isTwice || data != nil
        data = field
      case 3, 6: hasOtherData = true
      case 8: name = try text(field)
      case 13: try external.take(entry(field), tensor: label)
      case 14: isExternal = try field.integer() == 1
      default: break
      }
    }
    guard let dtype = StoredTensor.DType(onnx: number) else { throw .unknownType(tensor: label, number: number) }
    if hasOtherData { throw .malformedData(tensor: label) }
    isExternal = isExternal || external.isGiven
    if isTwice || isExternal && data != nil { throw .severalData(tensor: label) }
    guard shape.count <= CheckpointLimits.rank else { throw .tooManyDimensions(tensor: label) }
    guard let bits = dtype.bitCount(ofShape: shape) else { throw .shapeTooLarge(tensor: label) }
    var contents = StoredBytes.array([])
    if isExternal {
      contents = try external.contents(size: bits / 8, tensor: label, in: &dataFiles)
    } else if let data {
      contents = try self.contents(of: data, dtype: dtype, size: bits / 8, tensor: label)
    }
    guard contents.count == bits / 8 else {
      throw .wrongSize(tensor: label, needed: bits / 8, given: contents.count)
    }
    return (name, StoredTensor(dtype: dtype, shape: shape, contents: contents))
  }

  private mutating func contents(
    of field: ProtobufField, dtype: StoredTensor.DType, size: Int, tensor: String
  ) throws(Problem) -> StoredBytes {
    guard case .bytes(let range) = field.content else { throw .malformedData(tensor: tensor) }
    switch (field.number, dtype) {
    case (9, _), (4, .f32), (4, .c64), (10, .f64): return .mapped(file, range)
    case (5, .i32), (5, .i16), (5, .i8), (5, .u16), (5, .u8), (5, .bool), (5, .f16), (5, .bf16), (5, .f8e4m3),
      (5, .f8e4m3fnuz), (5, .f8e5m2), (5, .f8e5m2fnuz), (5, .f8e8m0), (7, .i64), (11, .u32), (11, .u64):
      break
    default: throw .malformedData(tensor: tensor)
    }
    // The size is tested before memory is taken.
    let width = dtype.bitCount / 8
    let given = file.varintCount(in: range)
    guard given == size / width else { throw .wrongSize(tensor: tensor, needed: size, given: given * width) }
    guard copies.take(2 * size) else { throw .tooMuchMemory(value: tensor) }
    func encoded<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) throws(Problem) -> StoredBytes {
      guard let numbers = file.varints(in: range, as: type) else { throw .malformedData(tensor: tensor) }
      return .array(LittleEndianBytes.encode(numbers))
    }
    return switch dtype {
    case .i64: try encoded(Int64.self)
    case .i32: try encoded(Int32.self)
    case .i16: try encoded(Int16.self)
    case .i8: try encoded(Int8.self)
    case .u64: try encoded(UInt64.self)
    case .u32: try encoded(UInt32.self)
    case .u16, .f16, .bf16: try encoded(UInt16.self)
    default: try encoded(UInt8.self)
    }
  }
}
