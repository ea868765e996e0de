import TensorCore

/// An archive of files that are stored, as `torch.save` writes it but for its padding.
package func storedArchive(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
  var (archive, directory) = ([UInt8](), [UInt8]())
  for (name, bytes) in files {
    let name = Array(name.utf8)
    let sizes = LittleEndianBytes.encode([StoredBytes.array(bytes).crc32, UInt32(bytes.count), UInt32(bytes.count)])
    // Version, flags (names in UTF-8), method, time and date, checksum and sizes, and the length of the name.
    let common =
      LittleEndianBytes.encode([20, 0x800, 0, 0, 0] as [UInt16]) + sizes
      + LittleEndianBytes.encode([UInt16(name.count)])
    directory +=
      [0x50, 0x4B, 1, 2, 20, 0] + common + [UInt8](repeating: 0, count: 12)
      + LittleEndianBytes.encode([UInt32(archive.count)]) + name
    archive += [0x50, 0x4B, 3, 4] + common + [0, 0] + name + bytes
  }
  let counts = [UInt16(files.count), UInt16(files.count)]
  return archive + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + LittleEndianBytes.encode(counts)
    + LittleEndianBytes.encode([UInt32(directory.count), UInt32(archive.count)]) + [0, 0]
}

/// A PyTorch file of this pickle, with one storage, `0`, of eight floats 0, 1/8, …, 7/8.
package func torchFile(pickle: [UInt8], byteOrder: String = "little") -> [UInt8] {
  let floats = LittleEndianBytes.encode((0..<8).map { Float($0) / 8 })
  return storedArchive([
    ("m/data.pkl", pickle), ("m/byteorder", Array(byteOrder.utf8)), ("m/data/0", floats), ("m/version", [0x33, 0x0A]),
  ])
}
