import TensorCore

/// What makes a safetensors file one of ours: a format version and a checksum among its metadata.
///
/// The checksum is the SHA-256 of the whole file with its own 64 digits taken as zeros. A file that has neither is
/// somebody else's and is read as it is; one that has either must have both.
enum FileSeal {
  static let versionKey = "format_version"
  static let checksumKey = "checksum"
  static let version = "1"
  static let blankChecksum = String(repeating: "0", count: 64)

  static func check(_ file: MappedFile, header: SafetensorsHeader) throws(SafetensorsError.Problem) {
    switch (header.metadata[versionKey], header.checksum) {
    case (nil, nil): return
    case (nil, _?): throw .checksumWithoutVersion
    case (_?, nil): throw .versionWithoutChecksum
    case (let found?, let checksum?):
      guard found == version else { throw .unknownVersion(found) }
      // The digits are looked for in place, so they must stand there as they are.
      let digits = checksum.value.utf8
      guard !checksum.hasEscapes, digits.count == 64, digits.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
      else { throw .malformedChecksum(offset: checksum.range.lowerBound) }
      var hash = ContentHash()
      hash.update(file, in: 0..<checksum.range.lowerBound)
      hash.update(Array(blankChecksum.utf8))
      hash.update(file, in: checksum.range.upperBound..<file.count)
      guard hash.finalize() == checksum.value else { throw .checksumMismatch }
    }
  }
}
