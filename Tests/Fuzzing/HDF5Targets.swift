import ForeignFiles
import TensorCheckpoints
import TensorCore

/// Tensors have the sizes of their shapes, whether they are read together or each by itself. Also reads the input with its
/// checksums made right: a mutation is not stopped by them.
func readHDF5(_ input: [UInt8]) {
  for bytes in [input, withChecksums(input)] {
    do {
      let file = try HDF5File(MappedFile(copying: bytes, as: "input"))
      requireAttributesReadable(of: file.root)
      for name in file.root.names.prefix(8) {
        guard let object = file[name] else { continue }
        requireAttributesReadable(of: object)
        if !object.isGroup { do { _ = try object.value() } catch { requireOneLine(error) } }
      }
      let tensors = try file.tensors()
      requireConsistent(tensors)
      for name in tensors.names.prefix(8) {
        if case .numbers(let tensor)? = try file[name]?.value() {
          require(tensor == tensors[name], "a tensor is the same by itself")
        }
      }
      try requireSameWhenWritten(tensors)
    } catch { requireOneLine(error) }
  }
}

private func requireAttributesReadable(of object: HDF5Object) {
  do {
    for name in try object.attributeNames().prefix(8) {
      do { _ = try object.attribute(name) } catch { requireOneLine(error) }
    }
  } catch { requireOneLine(error) }
}

/// Tensors that a writer takes come back.
private func requireSameWhenWritten(_ tensors: NamedTensors) throws {
  guard tensors.tensors.values.reduce(0, { $0 + $1.bytes.count }) < 1 << 16 else { return }
  var writer = HDF5Writer(to: "output")
  for name in tensors.names { try writer.add(tensors.tensors[name]!, at: name) }
  let again = try HDF5File(MappedFile(copying: writer.serialized(), as: "output")).tensors()
  require(again.tensors == tensors.tensors, "what is written comes back")
}

/// The input with the checksums of structures that tell their sizes made right.
private func withChecksums(_ input: [UInt8]) -> [UInt8] {
  var bytes = input
  func seal(_ start: Int, _ count: Int) {
    guard count >= 4, count <= bytes.count - start else { return }
    let checksum = JenkinsHash.hash(bytes[start..<start + count - 4])
    bytes.replaceSubrange(start + count - 4..<start + count, with: LittleEndianBytes.encode([checksum]))
  }
  if bytes.count >= 48, bytes[8] >= 2 { seal(0, 48) }
  let sizes = ["FRHP": 146, "BTHD": 38, "FAHD": 28]
  for start in bytes.indices.dropLast(10) where UInt8(ascii: "A")...UInt8(ascii: "Z") ~= bytes[start] {
    let signature = String(decoding: bytes[start..<start + 4], as: UTF8.self)
    if let size = sizes[signature] { seal(start, size) }
    guard signature == "OHDR" else { continue }
    let flags = bytes[start + 5]
    let (skipped, width) = (6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0), 1 << Int(flags & 3))
    guard start + skipped + width <= bytes.count, width <= 4 else { continue }
    let count = bytes[start + skipped..<start + skipped + width].reversed().reduce(0) { $0 << 8 | Int($1) }
    seal(start, skipped + width + count + 4)
  }
  return bytes
}
