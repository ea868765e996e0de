/// A decoder of DEFLATE (RFC 1951).
package struct Inflate {
  /// The most bytes that one byte of DEFLATE stands for: two bits for a copy of 258 bytes.
  package static let greatestRatio = 1032

  private var reader: BitReader
  private let output: UnsafeMutableRawBufferPointer
  private var filled = 0

  /// Decodes the whole of `input` into the whole of `output`. False where it is damaged, goes on after its end, or does not
  /// stand for as many bytes.
  ///
  /// Also false where it has more than a block for each 256 bytes and a thousand besides: codes would take longer than data.
  ///
  /// - Parameter release: called with bytes of the input that are not read again, a mebibyte or more at a time.
  static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, release: (Range<Int>) -> Void
  ) -> Bool {
    guard output.count / greatestRatio <= input.count else { return false }
    var decoder = Inflate(reader: BitReader(input), output: output)
    return decoder.decode(release)
  }

  private init(reader: BitReader, output: UnsafeMutableRawBufferPointer) {
    (self.reader, self.output) = (reader, output)
  }

  private mutating func decode(_ release: (Range<Int>) -> Void) -> Bool {
    var (blocks, isLast, released) = (0, false, 0)
    while !isLast {
      blocks += 1
      guard blocks <= 1000 + filled / 256, let last = reader.read(1), let kind = reader.read(2) else { return false }
      isLast = last == 1
      switch kind {
      case 0: guard copyStoredBlock() else { return false }
      case 1: guard decodeBlock(Self.fixedLiterals, Self.fixedDistances) else { return false }
      case 2:
        guard let (literals, distances) = readCodes(), decodeBlock(literals, distances) else { return false }
      default: return false
      }
      if reader.taken - released >= 1 << 20 {
        release(released..<reader.taken)
        released = reader.taken
      }
    }
    return filled == output.count && reader.taken == reader.input.count
  }

  private mutating func copyStoredBlock() -> Bool {
    reader.drop(reader.bitCount % 8)
    guard let length = reader.read(16), let complement = reader.read(16), length == ~complement & 0xFFFF,
      length <= output.count - filled, let bytes = reader.readBytes(length)
    else { return false }
    UnsafeMutableRawBufferPointer(rebasing: output[filled..<filled + length]).copyMemory(from: bytes)
    filled += length
    return true
  }

  private mutating func decodeBlock(_ literals: HuffmanCode, _ distances: HuffmanCode) -> Bool {
    literals.withTable { literals in distances.withTable { decodeSymbols(literals, $0) } }
  }

  /// Symbols up to the end of a block.
  private mutating func decodeSymbols(_ literals: HuffmanCode.Table, _ distances: HuffmanCode.Table) -> Bool {
    // Copies, which stay in registers.
    var (reader, filled) = (reader, filled)
    defer { (self.reader, self.filled) = (reader, filled) }
    let (output, lengthRanges, distanceRanges) = (output, Self.lengths, Self.distances)
    while true {
      reader.refill()
      guard let symbol = reader.symbol(literals) else { return false }
      if symbol < 256 {
        guard filled < output.count else { return false }
        output[filled] = UInt8(truncatingIfNeeded: symbol)
        filled += 1
      } else if symbol == 256 {
        return true
      } else {
        guard symbol - 257 < lengthRanges.count, let length = reader.number(lengthRanges[symbol - 257]),
          let code = reader.symbol(distances), code < distanceRanges.count,
          let distance = reader.number(distanceRanges[code]), distance <= filled, length <= output.count - filled
        else { return false }
        Self.repeatBytes(of: output, at: filled, from: filled - distance, count: length)
        filled += length
      }
    }
  }

  /// Copies bytes that were written to the end of them, of which the first may be read again as they are written.
  @inline(__always)
  private static func repeatBytes(of output: UnsafeMutableRawBufferPointer, at place: Int, from start: Int, count: Int)
  {
    var done = 0
    // Eight at a time where they do not overlap and there is room, also beyond the last one: that is written later.
    if place - start >= 8 && place + count + 8 <= output.count {
      while done < count {
        let word = output.loadUnaligned(fromByteOffset: start + done, as: UInt64.self)
        output.storeBytes(of: word, toByteOffset: place + done, as: UInt64.self)
        done += 8
      }
    }
    while done < count {
      output[place + done] = output[start + done]
      done += 1
    }
  }

  /// The codes that a block brings along (RFC 1951, section 3.2.7).
  private mutating func readCodes() -> (literals: HuffmanCode, distances: HuffmanCode)? {
    guard let literals = reader.read(5).map({ $0 + 257 }), let distances = reader.read(5).map({ $0 + 1 }),
      let count = reader.read(4).map({ $0 + 4 }), literals <= 286, distances <= 30
    else { return nil }
    var lengthLengths = [UInt8](repeating: 0, count: 19)
    for place in Self.orderOfLengths.prefix(count) {
      guard let length = reader.read(3) else { return nil }
      lengthLengths[place] = UInt8(length)
    }
    guard let lengthCode = HuffmanCode(lengths: lengthLengths),
      let lengths = lengthCode.withTable({ readLengths($0, count: literals + distances) })
    else { return nil }
    // A block without an end, or a repetition that goes on after the last length.
    guard lengths.count == literals + distances, lengths[256] != 0 else { return nil }
    guard let literalCode = HuffmanCode(lengths: lengths[..<literals]),
      let distanceCode = HuffmanCode(lengths: lengths[literals...])
    else { return nil }
    return (literalCode, distanceCode)
  }

  private mutating func readLengths(_ code: HuffmanCode.Table, count: Int) -> [UInt8]? {
    var lengths: [UInt8] = []
    lengths.reserveCapacity(count)
    while lengths.count < count {
      reader.refill()
      guard let symbol = reader.symbol(code) else { return nil }
      let (value, repetitions): (UInt8, Int?)
      switch symbol {
      case 16:
        guard let last = lengths.last else { return nil }
        (value, repetitions) = (last, reader.read(2).map { 3 + $0 })
      case 17: (value, repetitions) = (0, reader.read(3).map { 3 + $0 })
      case 18: (value, repetitions) = (0, reader.read(7).map { 11 + $0 })
      default: (value, repetitions) = (UInt8(symbol), 1)
      }
      guard let repetitions else { return nil }
      for _ in 0..<repetitions { lengths.append(value) }
    }
    return lengths
  }

  private static let orderOfLengths = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  /// Smallest length of each symbol from 257 on, and how many bits are added to it (RFC 1951, section 3.2.5).
  private static let lengths: [(base: Int, extra: Int)] =
    ranges(from: 3, bits: [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5]) + [
      (258, 0)
    ]
  private static let distances: [(base: Int, extra: Int)] =
    ranges(from: 1, bits: [0, 0] + (0...13).flatMap { [$0, $0] })

  private static func ranges(from start: Int, bits: [Int]) -> [(base: Int, extra: Int)] {
    var base = start
    return bits.map { extra in
      defer { base += 1 << extra }
      return (base, extra)
    }
  }

  private static let fixedLiterals = HuffmanCode(
    lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })!
  private static let fixedDistances = HuffmanCode(lengths: [UInt8](repeating: 5, count: 32))!
}

/// Bits of a DEFLATE stream, those of each byte from the lowest on.
private struct BitReader {
  let input: UnsafeRawBufferPointer
  private var position = 0
  /// Bits that were taken from the input and not read yet, lowest first; above them bits of the input that are taken later.
  private var bits: UInt64 = 0
  private(set) var bitCount = 0

  init(_ input: UnsafeRawBufferPointer) { self.input = input }

  /// Bytes of the input that were read, the last one perhaps in part.
  var taken: Int { position - bitCount / 8 }

  /// Takes bits until there are 56, or the input ends. The codes of a length and a distance with all that is added have 48.
  @inline(__always)
  mutating func refill() {
    if position + 8 <= input.count {
      let word = UInt64(littleEndian: input.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      bits |= word << UInt64(bitCount)
      position += (63 - bitCount) >> 3
      bitCount |= 56
    } else {
      while bitCount <= 56 && position < input.count {
        bits |= UInt64(input[position]) << UInt64(bitCount)
        position += 1
        bitCount += 8
      }
    }
  }

  @inline(__always)
  mutating func drop(_ count: Int) {
    bits >>= UInt64(count)
    bitCount -= count
  }

  /// A number of at most 16 bits; nil at the end of the input.
  mutating func read(_ count: Int) -> Int? {
    refill()
    return take(count)
  }

  /// A number of bits that were taken; nil where there are fewer.
  @inline(__always)
  private mutating func take(_ count: Int) -> Int? {
    guard bitCount >= count else { return nil }
    defer { drop(count) }
    return Int(truncatingIfNeeded: bits & (1 << UInt64(count) - 1))
  }

  /// The symbol of the next code, among bits that were taken.
  @inline(__always)
  mutating func symbol(_ code: HuffmanCode.Table) -> Int? {
    guard let (symbol, length) = code.decode(bits), length <= bitCount else { return nil }
    drop(length)
    return symbol
  }

  /// A length or a distance, whose further bits are among those that were taken.
  @inline(__always)
  mutating func number(_ range: (base: Int, extra: Int)) -> Int? {
    take(range.extra).map { range.base + $0 }
  }

  /// Whole bytes, after those that were taken in part; nil where there are fewer.
  mutating func readBytes(_ count: Int) -> UnsafeRawBufferPointer? {
    let start = taken
    guard count <= input.count - start else { return nil }
    (position, bits, bitCount) = (start + count, 0, 0)
    return UnsafeRawBufferPointer(rebasing: input[start..<start + count])
  }
}
