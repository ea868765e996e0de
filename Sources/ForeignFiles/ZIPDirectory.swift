import TensorCheckpoints
import TensorCore

/// The directory at the end of a ZIP archive (PKWARE, APPNOTE.TXT 6.3.10), with its 64-bit fields.
struct ZIPDirectory {
  typealias Problem = ZIPError.Problem

  static let memberLimit = 2 * CheckpointLimits.tensors
  static let nameLimit = CheckpointLimits.name

  /// A member as the directory describes it.
  struct Entry {
    var name: String
    var flags: Int
    var method: Int
    var checksum: UInt32
    var storedSize: Int
    var size: Int
    /// Offset of the header before its data.
    var header: Int
  }

  /// In the order of the directory.
  let entries: [Entry]
  /// Offset of the directory, before which all members lie.
  let start: Int

  init(of file: MappedFile) throws(Problem) {
    let end = try EndRecord(of: file)
    let bytes = file[end.directory]
    start = end.directory.lowerBound
    var entries: [Entry] = []
    var (offset, nameCost) = (0, 0)
    while offset < bytes.count {
      let place = start + offset
      guard let (entry, length) = try Entry.read(bytes, at: offset, place: place) else {
        throw .malformedDirectory(offset: place)
      }
      nameCost += CheckpointLimits.cost(ofName: entry.name)
      guard entries.count < Self.memberLimit, nameCost <= 2 * CheckpointLimits.allNames else {
        throw .tooManyMembers(offset: place)
      }
      entries.append(entry)
      offset += length
    }
    guard entries.count == end.count else { throw .malformedDirectory(offset: start) }
    self.entries = entries
  }
}

extension ZIPDirectory.Entry {
  private static let signature = 0x0201_4B50

  /// The entry at `offset` and its length; nil where it is malformed.
  fileprivate static func read(
    _ bytes: [UInt8], at offset: Int, place: Int
  ) throws(ZIPError.Problem) -> (Self, length: Int)? {
    func field(_ place: Int, _ width: Int) -> Int? { bytes.number(at: offset + place, width: width) }
    guard field(0, 4) == signature, let flags = field(8, 2), let method = field(10, 2), let checksum = field(16, 4),
      let nameLength = field(28, 2), let extraLength = field(30, 2), let commentLength = field(32, 2),
      let part = field(34, 2), let storedSize = field(20, 4), let size = field(24, 4), let header = field(42, 4)
    else { return nil }
    guard part == 0 || part == 0xFFFF else { throw .severalParts }
    let extra = offset + 46 + nameLength
    let end = extra + extraLength + commentLength
    guard end <= bytes.count else { return nil }
    guard nameLength <= ZIPDirectory.nameLimit else { throw .nameTooLong(offset: place) }
    guard let name = String(validating: bytes[offset + 46..<extra], as: UTF8.self) else {
      throw .nameNotUTF8(offset: place)
    }
    var entry = Self(
      name: name, flags: flags, method: method, checksum: UInt32(checksum), storedSize: storedSize, size: size,
      header: header)
    guard entry.takeLongFields(bytes, from: extra..<extra + extraLength) else { return nil }
    return (entry, end - offset)
  }

  /// Replaces the fields that 32 bits cannot hold by those of the extra field 1. False where they are missing.
  private mutating func takeLongFields(_ bytes: [UInt8], from range: Range<Int>) -> Bool {
    let isLong = [size, storedSize, header].map { $0 == 0xFFFF_FFFF }
    guard isLong.contains(true) else { return true }
    var offset = range.lowerBound
    while offset + 4 <= range.upperBound {
      guard let kind = bytes.number(at: offset, width: 2), let length = bytes.number(at: offset + 2, width: 2) else {
        return false
      }
      offset += 4
      if kind != 1 {
        offset += length
        continue
      }
      guard length >= 8 * isLong.count(where: \.self), length <= range.upperBound - offset else { return false }
      for (field, _) in zip([\Self.size, \Self.storedSize, \Self.header], isLong).filter(\.1) {
        guard let number = bytes.number(at: offset, width: 8) else { return false }
        self[keyPath: field] = number
        offset += 8
      }
      return true
    }
    return false
  }
}

/// The record at the end of the file, which tells where the directory lies.
private struct EndRecord {
  let count: Int
  let directory: Range<Int>

  init(of file: MappedFile) throws(ZIPError.Problem) {
    let tail = max(0, file.count - 22 - 0xFFFF)
    let bytes = file[tail..<file.count]
    // A comment of any length may follow.
    let place = stride(from: bytes.count - 22, through: 0, by: -1).first { place in
      bytes[place] == 0x50 && bytes.number(at: place, width: 4) == 0x0605_4B50
        && bytes.number(at: place + 20, width: 2) == bytes.count - place - 22
    }
    guard let place else { throw .notAnArchive(size: file.count) }
    let offset = tail + place
    if let locator = Self.bytes(of: file, at: offset - 20, count: 20), locator.number(at: 0, width: 4) == 0x0706_4B50 {
      guard let start = locator.number(at: 8, width: 8), let record = Self.bytes(of: file, at: start, count: 56),
        record.number(at: 0, width: 4) == 0x0606_4B50, let length = record.number(at: 4, width: 8),
        length >= 44, length == offset - 20 - start - 12
      else { throw .malformedDirectory(offset: offset) }
      try self.init(record, at: start, part: 16, partWidth: 4, count: 24, width: 8)
    } else {
      try self.init(Array(bytes[place...]), at: offset, part: 4, partWidth: 2, count: 8, width: 2)
    }
  }

  /// - Parameters:
  ///   - record: It directly follows the directory.
  ///   - part: Offset of the number of this part of the archive, followed by that of the part with the directory.
  ///   - count: Offset of the number of members in this part and in all, followed by size and offset of the directory.
  ///   - width: Bytes of a count.
  private init(
    _ record: [UInt8], at offset: Int, part: Int, partWidth: Int, count: Int, width: Int
  ) throws(ZIPError.Problem) {
    let sizeWidth = max(width, 4)
    guard let parts = record.pair(at: part, width: partWidth), let counts = record.pair(at: count, width: width),
      let (size, start) = record.pair(at: count + 2 * width, width: sizeWidth)
    else { throw .malformedDirectory(offset: offset) }
    guard parts == (0, 0), counts.0 == counts.1 else { throw .severalParts }
    guard size <= offset, start == offset - size else { throw .malformedDirectory(offset: offset) }
    self.count = counts.0
    directory = start..<offset
  }

  private static func bytes(of file: MappedFile, at offset: Int, count: Int) -> [UInt8]? {
    offset >= 0 && offset <= file.count - count ? file[offset..<offset + count] : nil
  }
}

extension [UInt8] {
  fileprivate func pair(at offset: Int, width: Int) -> (Int, Int)? {
    guard let first = number(at: offset, width: width), let second = number(at: offset + width, width: width) else {
      return nil
    }
    return (first, second)
  }
}
