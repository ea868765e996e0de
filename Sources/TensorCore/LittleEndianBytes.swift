/// Fixed-width numbers as the bytes that files hold, least significant first, and back.
package enum LittleEndianBytes {
  #if _endian(big)
    #error("the file formats are little-endian, and so must the machine be")
  #endif

  package static func encode<Value: BitwiseCopyable>(_ values: [Value]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }

  /// The whole values in `bytes`; a remainder too short for one is left out.
  package static func decode<Value: BitwiseCopyable>(_ bytes: [UInt8], as type: Value.Type = Value.self) -> [Value] {
    bytes.withUnsafeBytes { decode($0) }
  }

  package static func decode<Value: BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, as type: Value.Type = Value.self
  ) -> [Value] {
    let count = bytes.count / MemoryLayout<Value>.size
    return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[..<(count * MemoryLayout<Value>.size)]))
      initialized = count
    }
  }
}
