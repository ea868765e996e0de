import TensorCore

extension Checkpoint {
  /// The bytes of a safetensors file with this content, in chunks: the header, then each tensor.
  ///
  /// The bytes depend on the content alone: metadata are sorted by name, tensors are in the order of `names`, and the
  /// header is padded with spaces so that the data begin at a multiple of 8.
  ///
  /// - Precondition: the metadata do not hold `format_version` or `checksum`, no tensor is called `__metadata__`, and all is
  ///   within `CheckpointLimits`, so that it can be read again.
  public func serialized() -> [[UInt8]] { chunks.map(\.array) }

  /// Bytes of a file with this content; tensors of a mapped file are not copied.
  private var chunks: [StoredBytes] {
    let names = names
    var (header, digits) = header(naming: names)
    let data = names.map { tensors[$0]!.contents }
    var hash = ContentHash()
    hash.update(header)
    for bytes in data { bytes.forEachBuffer { hash.update($0) } }
    header.replaceSubrange(digits, with: hash.finalize().utf8)
    return [.array(header)] + data
  }

  /// Writes the file to `path`, replacing an old file whole or not at all (see `AtomicFile`).
  ///
  /// - Precondition: as for `serialized()`.
  /// - Throws: `FileError` when the file cannot be written; the old file then stays.
  public func write(to path: String) throws(FileError) {
    try write(to: path, using: SystemFiles())
  }

  package func write(to path: String, using files: any FileOperations) throws(FileError) {
    try AtomicFile.write(chunks, to: path, using: files)
  }

  /// The length and the header, and the range in them of the checksum's digits, which are still zeros.
  private func header(naming names: [String]) -> (bytes: [UInt8], digits: Range<Int>) {
    require(
      metadata[FileSeal.versionKey] == nil && metadata[FileSeal.checksumKey] == nil
        && tensors[SafetensorsHeader.metadataName] == nil,
      "Checkpoint: a name that is the file's own is taken")
    let seal = [FileSeal.versionKey: FileSeal.version, FileSeal.checksumKey: FileSeal.blankChecksum]
    let sealed = metadata.merging(seal) { $1 }
    let sizes = (values: sealed.values.map(\.quotedCount), names: names.map(\.quotedCount))
    require(
      sealed.count <= CheckpointLimits.metadataEntries && sizes.values.reduce(0, +) <= CheckpointLimits.metadata,
      "Checkpoint: more metadata than CheckpointLimits allows")
    require(
      names.count <= CheckpointLimits.tensors
        && (names + sealed.keys).reduce(0) { $0 + CheckpointLimits.cost(ofName: $1) } <= CheckpointLimits.allNames
        && (sizes.names + sealed.keys.map(\.quotedCount)).allSatisfy { $0 <= CheckpointLimits.name },
      "Checkpoint: more or longer names than CheckpointLimits allows")
    var text: [UInt8] = []
    var digits = 0..<0
    text.append("{")
    text.append(quoting: SafetensorsHeader.metadataName)
    text.append(":{")
    for (index, key) in sealed.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }).enumerated() {
      if index > 0 { text.append(",") }
      text.append(quoting: key)
      text.append(":")
      text.append(quoting: sealed[key]!)
      if key == FileSeal.checksumKey { digits = text.count - 65..<text.count - 1 }
    }
    text.append("}")
    var offset = 0
    for name in names {
      let tensor = tensors[name]!
      require(
        tensor.shape.count <= CheckpointLimits.rank,
        "Checkpoint: \(tensor.shape.count) dimensions, at most \(CheckpointLimits.rank) are allowed")
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let end = offset + tensor.contents.count
      text.append(",")
      text.append(quoting: name)
      text.append(":{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    text.append("}")
    while text.count % 8 != 0 { text.append(" ") }
    require(
      text.count <= SafetensorsHeader.lengthLimit,
      "Checkpoint: a header of \(text.count) bytes, at most \(SafetensorsHeader.lengthLimit) are allowed")
    let length = LittleEndianBytes.encode([UInt64(text.count)])
    return (length + text, digits.lowerBound + 8..<digits.upperBound + 8)
  }
}

extension String {
  /// Bytes of the text as a JSON string, quotes not counted.
  fileprivate var quotedCount: Int {
    var quoted: [UInt8] = []
    quoted.append(quoting: self)
    return quoted.count - 2
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ text: String) {
    append(contentsOf: text.utf8)
  }

  /// Appends `text` as a JSON string.
  fileprivate mutating func append(quoting text: String) {
    append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0..<0x10: append("\\u000\(String(byte, radix: 16))")
      case 0x10..<0x20: append("\\u00\(String(byte, radix: 16))")
      default: append(byte)
      }
    }
    append(UInt8(ascii: "\""))
  }
}
