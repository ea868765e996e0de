import TensorCheckpoints

/// The type of an element in an HDF5 file.
enum HDF5Type: Sendable, Equatable {
  case number(StoredTensor.DType, isBigEndian: Bool)
  /// A text of `size` bytes that ends before its first zero, or before the zeros or spaces at its end.
  case text(size: Int, padding: Int)
  /// A text of any length, which stands elsewhere.
  case textElsewhere

  /// Two bytes of no type, which Keras 3 makes of bfloat16.
  case opaquePair

  /// Bytes of an element where it is stored.
  var size: Int {
    switch self {
    case .number(let dtype, _): dtype.bitCount / 8
    case .text(let size, _): size
    case .textElsewhere: 16
    case .opaquePair: 2
    }
  }

  init(_ fields: inout HDF5Fields) throws(HDF5Error.Problem) {
    let first = try fields.number(1)
    let (kind, version) = (first & 15, first >> 4)
    guard 1...5 ~= version else { throw fields.unknown(version: version) }
    let (bits, size) = (try fields.number(3), try fields.number(4))
    switch kind {
    case 0:
      let (offset, precision) = (try fields.number(2), try fields.number(2))
      guard offset == 0, precision == 8 * size, let dtype = Self.integers[bits & 8 != 0 ? -size : size] else {
        throw .typeNotRead("integers of \(precision) bits in \(size) bytes")
      }
      self = .number(dtype, isBigEndian: bits & 1 != 0)
    case 1:
      let layout = Array(try fields.take(12))
      // An order that is neither has bit 6, as VAX has.
      guard bits & 0x40 == 0, let dtype = Self.floats[layout], bits >> 8 & 0xFF == 8 * size - 1 else {
        throw .typeNotRead("floating-point numbers of \(size) bytes that are not of IEEE 754")
      }
      self = .number(dtype, isBigEndian: bits & 1 != 0)
    case 3 where size > 0: self = .text(size: size, padding: bits & 15)
    // PyTables' truth values.
    case 4 where size == 1: self = .number(.bool, isBigEndian: false)
    case 5 where size == 2: self = .opaquePair
    case 8: self = try Self.truth(&fields, version: version, count: bits & 0xFFFF)
    case 9 where bits & 15 == 1: self = .textElsewhere
    default: throw .typeNotRead(Self.names[kind] ?? "values of the class \(kind)")
    }
  }

  /// The enumeration of FALSE and TRUE, as h5py stores truth values.
  private static func truth(
    _ fields: inout HDF5Fields, version: Int, count: Int
  ) throws(HDF5Error.Problem) -> HDF5Type {
    let base = try HDF5Type(&fields)
    guard count == 2, base.size == 1 else { throw .typeNotRead("enumerations") }
    var names: [String] = []
    for name in ["FALSE", "TRUE"] {
      let size = name.utf8.count + 1
      names.append(try fields.text(version < 3 ? (size + 7) / 8 * 8 : min(size, fields.left)))
    }
    guard names == ["FALSE", "TRUE"], try fields.take(2).elementsEqual([0, 1]) else {
      throw .typeNotRead("enumerations")
    }
    return .number(.bool, isBigEndian: false)
  }

  /// By their size, below zero with a sign.
  private static let integers: [Int: StoredTensor.DType] = [
    1: .u8, 2: .u16, 4: .u32, 8: .u64, -1: .i8, -2: .i16, -4: .i32, -8: .i64,
  ]

  /// By offset, bits, places and sizes of exponent and mantissa, and bias.
  private static let floats: [[UInt8]: StoredTensor.DType] = [
    [0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0]: .f16, [0, 0, 16, 0, 7, 8, 0, 7, 127, 0, 0, 0]: .bf16,
    [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]: .f32, [0, 0, 64, 0, 52, 11, 0, 52, 0xFF, 3, 0, 0]: .f64,
  ]

  private static let names = [
    2: "times", 4: "bit fields", 5: "opaque bytes", 6: "records or complex numbers", 7: "references",
    9: "arrays of any length", 10: "arrays", 11: "complex numbers",
  ]
}

/// The sizes of the axes of a value; none of a single element.
struct HDF5Shape {
  let sizes: [Int]
  /// Whether there is no element at all, not even in an array of size 0.
  let isNull: Bool

  init(_ fields: inout HDF5Fields) throws(HDF5Error.Problem) {
    let (version, rank, _) = (try fields.number(1), try fields.number(1), try fields.number(1))
    guard 1...2 ~= version else { throw fields.unknown(version: version) }
    guard rank <= CheckpointLimits.rank else { throw .shapeTooLarge }
    let kind = try fields.number(1)
    if version == 1 { try fields.skip(4) }
    isNull = version == 2 && kind == 2
    var sizes: [Int] = []
    for _ in 0..<rank { sizes.append(try fields.number(8)) }
    self.sizes = sizes
  }

  /// Bytes of all elements.
  func byteCount(of type: HDF5Type) throws(HDF5Error.Problem) -> Int {
    guard !isNull else { return 0 }
    guard let bits = StoredTensor.DType.u8.bitCount(ofShape: sizes + [type.size]) else { throw .shapeTooLarge }
    return bits / 8
  }
}
