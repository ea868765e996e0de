extension StoredBytes {
  /// The `size` bytes that these stand for in DEFLATE (RFC 1951); nil where they are damaged (see `Inflate`).
  package func inflated(size: Int) -> [UInt8]? {
    guard size / Inflate.greatestRatio <= count else { return nil }
    var isSound = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      isSound = inflate(into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<size]))
      filled = isSound ? size : 0
    }
    return isSound ? bytes : nil
  }

  /// The `size` bytes that these stand for in DEFLATE; nil where they are damaged.
  ///
  /// More than some pages of them are a mapping of their own, whose parts are not copied and which goes back to the system as
  /// soon as it is not used.
  ///
  /// - Parameter path: what errors call the mapping.
  package func inflated(size: Int, as path: String) -> StoredBytes? {
    guard size >= 1 << 16 else { return inflated(size: size).map { .array($0) } }
    guard size / Inflate.greatestRatio <= count else { return nil }
    return MappedFile(count: size, as: path, filling: inflate).map { .mapped($0, 0..<size) }
  }

  private func inflate(into output: UnsafeMutableRawBufferPointer) -> Bool {
    withUnsafeBytes { Inflate.decode($0, into: output, release: releasePages) }
  }
}
