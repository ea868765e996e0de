import TensorCore

/// The format version and the checksum that this package writes into the metadata of a safetensors file.
///
/// The checksum is the SHA-256 of the whole file with its own 64 digits replaced by zeros. A file with neither was written
/// by another program and is read without this check. A file with only one of them is refused.
enum FileSeal {
  static let versionKey = "format_version"
  static let checksumKey = "checksum"
  /// Version 2 adds the identity of a run, and the state that a divergence returns to, to what version 1 holds.
  static let version = "2"
  static let readableVersions = ["1", version]
  static let blankChecksum = String(repeating: "0", count: 64)

  /// Treatment of a file whose content or metadata do not agree with its seal.
  enum Policy {
    case required
    /// Another program changed the file. A version that this program does not know is refused all the same.
    case ignored
  }

  /// Returns whether the file has a seal that holds.
  static func check(
    _ file: MappedFile, header: SafetensorsHeader, _ policy: Policy
  ) throws(SafetensorsError.Problem) -> Bool {
    if let found = header.metadata[versionKey], !readableVersions.contains(found) { throw .unknownVersion(found) }
    do {
      return try check(file, header: header)
    } catch {
      if policy == .ignored { return false }
      throw error
    }
  }

  private static func check(_ file: MappedFile, header: SafetensorsHeader) throws(SafetensorsError.Problem) -> Bool {
    switch (header.metadata[versionKey], header.checksum) {
    case (nil, nil): return false
    case (nil, _?): throw .checksumWithoutVersion
    case (_?, nil): throw .versionWithoutChecksum
    case (_?, let checksum?):
      // The hash skips the digits at their position in the file, so they must not be written with escapes.
      let digits = checksum.value.utf8
      guard !checksum.hasEscapes, digits.count == 64, digits.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
      else { throw .malformedChecksum(offset: checksum.range.lowerBound) }
      var hash = ContentHash()
      hash.update(file, in: 0..<checksum.range.lowerBound)
      hash.update(Array(blankChecksum.utf8))
      hash.update(file, in: checksum.range.upperBound..<file.count)
      guard hash.finalize() == checksum.value else { throw .checksumMismatch }
      return true
    }
  }
}
