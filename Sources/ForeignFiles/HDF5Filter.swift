import TensorCore

/// A step that data of a chunk go through before they are stored.
enum HDF5Filter: Sendable, Equatable {
  case deflate
  /// The first bytes of all elements of so many bytes, then the second ones, and so on.
  case shuffle(elementSize: Int)
  case checksum

  typealias Problem = HDF5Error.Problem

  /// Filters that others have registered or the library has.
  static let names = [
    4: "szip", 5: "nbit", 6: "scaleoffset", 305: "lzo", 307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4",
    32008: "bitshuffle", 32015: "zstd", 32026: "blosc2",
  ]

  /// The filters in the order in which they were applied.
  static func pipeline(_ fields: inout HDF5Fields) throws(Problem) -> [HDF5Filter] {
    let (version, count) = (try fields.number(1), try fields.number(1))
    guard 1...2 ~= version else { throw fields.unknown(version: version) }
    guard count <= 32 else { throw fields.malformed() }
    if version == 1 { try fields.skip(6) }
    var filters: [HDF5Filter] = []
    for _ in 0..<count {
      let number = try fields.number(2)
      let nameSize = version == 1 || number >= 256 ? try fields.number(2) : 0
      try fields.skip(2)
      let values = try fields.number(2)
      try fields.skip(version == 1 ? (nameSize + 7) / 8 * 8 : nameSize)
      let first = values > 0 ? try fields.number(4) : 0
      try fields.skip(4 * (max(values, 1) - 1) + (version == 1 && values % 2 == 1 ? 4 : 0))
      switch number {
      case 1: filters.append(.deflate)
      case 2:
        guard first > 0 else { throw fields.malformed() }
        filters.append(.shuffle(elementSize: first))
      case 3: filters.append(.checksum)
      default: throw .unknownFilter(number)
      }
    }
    return filters
  }

  /// Data of `size` bytes that went through filters.
  static func undo(_ filters: [HDF5Filter], on stored: StoredBytes, size: Int) throws(Problem) -> [UInt8] {
    var data = stored
    for (place, filter) in filters.enumerated().reversed() {
      switch filter {
      case .deflate:
        let before = filters[..<place]
        guard !before.contains(.deflate) else { throw .damagedChunk("it is compressed twice") }
        data = .array(try inflated(data, size: size + 4 * before.count { $0 == .checksum }))
      case .shuffle(let elementSize): data = .array(unshuffled(data.array, elementSize: elementSize))
      case .checksum:
        var bytes = data.array
        guard bytes.count >= 4, let sum = bytes.number(at: bytes.count - 4, width: 4) else {
          throw .damagedChunk("it has no checksum")
        }
        bytes.removeLast(4)
        guard UInt32(sum) == fletcher32(bytes) else { throw .damagedChunk("it does not match its checksum") }
        data = .array(bytes)
      }
    }
    guard data.count == size else { throw .damagedChunk("it has \(data.count) bytes of \(size)") }
    return data.array
  }

  /// The data of a zlib stream (RFC 1950).
  private static func inflated(_ stream: StoredBytes, size: Int) throws(Problem) -> [UInt8] {
    guard stream.count >= 6 else { throw .damagedChunk("its compressed data are cut short") }
    let body = 2..<stream.count - 4
    guard let head = stream[0..<2].array.number(at: 0, width: 2), head & 15 == 8,
      ((head & 0xFF) << 8 | head >> 8) % 31 == 0, head >> 8 & 0x20 == 0, let data = stream[body].inflated(size: size)
    else { throw .damagedChunk("its compressed data do not make \(size) bytes") }
    guard stream[body.upperBound..<stream.count].array.reduce(0, { $0 << 8 | UInt32($1) }) == adler32(data) else {
      throw .damagedChunk("its compressed data do not match their checksum")
    }
    return data
  }

  private static func unshuffled(_ data: [UInt8], elementSize: Int) -> [UInt8] {
    let count = data.count / elementSize
    guard elementSize > 1, count > 1 else { return data }
    // Bytes that make no whole element stand at the end as they were.
    return [UInt8](unsafeUninitializedCapacity: data.count) { result, written in
      data.withUnsafeBufferPointer { data in
        for element in 0..<count {
          for byte in 0..<elementSize { result[element &* elementSize &+ byte] = data[byte &* count &+ element] }
        }
        for place in count * elementSize..<data.count { result[place] = data[place] }
      }
      written = data.count
    }
  }

  private static func adler32(_ data: [UInt8]) -> UInt32 {
    var (low, high): (UInt32, UInt32) = (1, 0)
    // 5552 bytes are the most whose sums stay within 32 bits.
    for start in stride(from: 0, to: data.count, by: 5552) {
      for byte in data[start..<min(start + 5552, data.count)] {
        low += UInt32(byte)
        high += low
      }
      low %= 65521
      high %= 65521
    }
    return high << 16 | low
  }

  /// Fletcher's checksum of big-endian numbers of 16 bits, with a zero after an odd byte, as the HDF5 library computes it.
  private static func fletcher32(_ data: [UInt8]) -> UInt32 {
    func folded(_ sum: UInt32) -> UInt32 { sum & 0xFFFF + sum >> 16 }
    var (low, high): (UInt32, UInt32) = (0, 0)
    // 360 numbers are the most whose sums stay within 32 bits.
    for start in stride(from: 0, to: data.count, by: 720) {
      for place in stride(from: start, to: min(start + 720, data.count), by: 2) {
        low += UInt32(data[place]) << 8 | (place + 1 < data.count ? UInt32(data[place + 1]) : 0)
        high += low
      }
      (low, high) = (folded(low), folded(high))
    }
    return folded(high) << 16 | folded(low)
  }
}
