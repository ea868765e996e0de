import TensorCore

extension StoredTensor {
  /// Element types of the safetensors format; the raw value is the name in the file.
  public enum DType: String, Sendable, Codable, CaseIterable {
    case bool = "BOOL"
    case f4 = "F4"
    case f6e2m3 = "F6_E2M3"
    case f6e3m2 = "F6_E3M2"
    case u8 = "U8"
    case i8 = "I8"
    case f8e5m2 = "F8_E5M2"
    case f8e4m3 = "F8_E4M3"
    case f8e8m0 = "F8_E8M0"
    case f8e4m3fnuz = "F8_E4M3FNUZ"
    case f8e5m2fnuz = "F8_E5M2FNUZ"
    case i16 = "I16"
    case u16 = "U16"
    case f16 = "F16"
    case bf16 = "BF16"
    case i32 = "I32"
    case u32 = "U32"
    case f32 = "F32"
    case c64 = "C64"
    case f64 = "F64"
    case i64 = "I64"
    case u64 = "U64"

    /// The size of one element in bits.
    public var bitCount: Int {
      switch self {
      case .f4: 4
      case .f6e2m3, .f6e3m2: 6
      case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
      case .i16, .u16, .f16, .bf16: 16
      case .i32, .u32, .f32: 32
      case .c64, .f64, .i64, .u64: 64
      }
    }

    /// The size in bits of a tensor of `shape`, or nil when it overflows `Int` or a factor is negative.
    ///
    /// Zeros are left out of the product that is tested for overflow, so that the result does not depend on the order of
    /// the factors.
    public func bitCount(ofShape shape: [Int]) -> Int? {
      var bits = bitCount
      for factor in shape where factor != 0 {
        let (product, overflow) = bits.multipliedReportingOverflow(by: factor)
        guard factor > 0, !overflow else { return nil }
        bits = product
      }
      return shape.contains(0) ? 0 : bits
    }
  }

  /// The row-major index of the first element that is infinite or not a number; nil where there is none, and for types
  /// that cannot hold one.
  public func firstNonFinite() -> Int? {
    func firstIndex<Bits: FixedWidthInteger & BitwiseCopyable>(where allSet: Bits) -> Int? {
      contents.firstIndex(where: allSet)
    }
    return switch dtype {
    case .f64: firstIndex(where: 0x7ff0_0000_0000_0000 as UInt64)
    case .f32: firstIndex(where: 0x7f80_0000 as UInt32)
    case .c64: firstIndex(where: 0x7f80_0000 as UInt32).map { $0 / 2 }
    case .f16: firstIndex(where: 0x7c00 as UInt16)
    case .bf16: firstIndex(where: 0x7f80 as UInt16)
    case .f8e5m2: firstIndex(where: 0x7c as UInt8)
    case .f8e4m3: firstIndex(where: 0x7f as UInt8)
    case .f8e8m0: firstIndex(where: 0xff as UInt8)
    case .f8e4m3fnuz, .f8e5m2fnuz: contents.firstIndex(of: 0x80)
    case .bool, .f4, .f6e2m3, .f6e3m2, .u8, .i8, .i16, .u16, .i32, .u32, .i64, .u64: nil
    }
  }
}
