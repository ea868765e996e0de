/// Non-negative numbers in integers of 1, 2 or 4 bytes, and back.
package enum NarrowIntegers {
  /// Each value as an integer of `width` bytes, one after the other.
  package static func encode(_ values: ArraySlice<Int32>, width: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: values.count * width) { bytes, count in
      values.withUnsafeBufferPointer { values in
        switch width {
        case 1: copy(values, to: UnsafeMutableRawBufferPointer(bytes).bindMemory(to: UInt8.self))
        case 2: copy(values, to: UnsafeMutableRawBufferPointer(bytes).bindMemory(to: UInt16.self))
        default: copy(values, to: UnsafeMutableRawBufferPointer(bytes).bindMemory(to: Int32.self))
        }
      }
      count = values.count * width
    }
  }

  /// The values in `bytes`, of `width` bytes each.
  package static func decode(_ bytes: [UInt8], width: Int) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: bytes.count / width) { values, count in
      bytes.withUnsafeBytes { bytes in
        switch width {
        case 1: copy(bytes.bindMemory(to: UInt8.self), to: values)
        case 2: copy(bytes.bindMemory(to: UInt16.self), to: values)
        default: copy(bytes.bindMemory(to: Int32.self), to: values)
        }
      }
      count = bytes.count / width
    }
  }

  @inline(__always)
  private static func copy<From: FixedWidthInteger, To: FixedWidthInteger>(
    _ from: UnsafeBufferPointer<From>, to: UnsafeMutableBufferPointer<To>
  ) {
    guard let source = from.baseAddress, let target = to.baseAddress else { return }
    for index in 0..<from.count { target[index] = To(truncatingIfNeeded: source[index]) }
  }
}
