/// A decoder of DEFLATE (RFC 1951).
struct Inflate {
  /// The most bytes that one byte of DEFLATE stands for: two bits for a copy of 258 bytes.
  static let greatestRatio = 1032

  private let input: [UInt8]
  private var position = 0
  /// Bits that were taken from the input and not read yet, lowest first.
  private var bits: UInt64 = 0
  private var bitCount = 0
  private var output: [UInt8]
  private var filled = 0

  /// The bytes that `input` stands for; nil where it is damaged, goes on after its end, or does not stand for `size`
  /// bytes.
  ///
  /// Also nil where it has more than a block for each 256 bytes and a thousand besides: codes would take longer than data.
  static func bytes(of input: [UInt8], size: Int) -> [UInt8]? {
    guard size / greatestRatio <= input.count else { return nil }
    var decoder = Inflate(input: input, output: [UInt8](repeating: 0, count: size))
    return decoder.decode() ? decoder.output : nil
  }

  private init(input: [UInt8], output: [UInt8]) { (self.input, self.output) = (input, output) }

  private mutating func decode() -> Bool {
    var (blocks, isLast) = (0, false)
    while !isLast {
      blocks += 1
      guard blocks <= 1000 + filled / 256, let last = read(1), let kind = read(2) else { return false }
      isLast = last == 1
      switch kind {
      case 0: guard copyStoredBlock() else { return false }
      case 1: guard decodeBlock(Self.fixedLiterals, Self.fixedDistances) else { return false }
      case 2:
        guard let (literals, distances) = readCodes(), decodeBlock(literals, distances) else { return false }
      default: return false
      }
    }
    return filled == output.count && position - bitCount / 8 == input.count
  }

  @inline(__always)
  private mutating func refill() {
    while bitCount <= 56 && position < input.count {
      bits |= UInt64(input[position]) << UInt64(bitCount)
      position += 1
      bitCount += 8
    }
  }

  private mutating func drop(_ count: Int) {
    bits >>= UInt64(count)
    bitCount -= count
  }

  /// A number of at most 16 bits; nil at the end of the input.
  @inline(__always)
  private mutating func read(_ count: Int) -> Int? {
    if bitCount < count { refill() }
    guard bitCount >= count else { return nil }
    defer { drop(count) }
    return Int(bits & (1 << UInt64(count) - 1))
  }

  @inline(__always)
  private mutating func symbol(_ code: HuffmanCode) -> Int? {
    if bitCount < 15 { refill() }
    guard let (symbol, length) = code.decode(bits), length <= bitCount else { return nil }
    drop(length)
    return symbol
  }

  private mutating func copyStoredBlock() -> Bool {
    drop(bitCount % 8)
    guard let length = read(16), let complement = read(16), length == ~complement & 0xFFFF else { return false }
    let start = position - bitCount / 8
    (bits, bitCount) = (0, 0)
    guard length <= input.count - start, length <= output.count - filled else { return false }
    output.replaceSubrange(filled..<filled + length, with: input[start..<start + length])
    position = start + length
    filled += length
    return true
  }

  private mutating func decodeBlock(_ literals: HuffmanCode, _ distances: HuffmanCode) -> Bool {
    while let symbol = symbol(literals) {
      if symbol < 256 {
        guard filled < output.count else { return false }
        output[filled] = UInt8(symbol)
        filled += 1
      } else if symbol == 256 {
        return true
      } else {
        guard symbol - 257 < Self.lengths.count, let length = number(Self.lengths[symbol - 257]),
          let code = self.symbol(distances), code < Self.distances.count, let distance = number(Self.distances[code]),
          distance <= filled, length <= output.count - filled
        else { return false }
        for _ in 0..<length {
          output[filled] = output[filled - distance]
          filled += 1
        }
      }
    }
    return false
  }

  @inline(__always)
  private mutating func number(_ range: (base: Int, extra: Int)) -> Int? {
    read(range.extra).map { range.base + $0 }
  }

  /// The codes that a block brings along (RFC 1951, section 3.2.7).
  private mutating func readCodes() -> (literals: HuffmanCode, distances: HuffmanCode)? {
    guard let literals = read(5).map({ $0 + 257 }), let distances = read(5).map({ $0 + 1 }),
      let count = read(4).map({ $0 + 4 }), literals <= 286, distances <= 30
    else { return nil }
    var lengthLengths = [UInt8](repeating: 0, count: 19)
    for place in Self.orderOfLengths.prefix(count) {
      guard let length = read(3) else { return nil }
      lengthLengths[place] = UInt8(length)
    }
    guard let lengthCode = HuffmanCode(lengths: lengthLengths) else { return nil }
    var lengths: [UInt8] = []
    while lengths.count < literals + distances {
      guard let symbol = symbol(lengthCode) else { return nil }
      switch symbol {
      case 16:
        guard let last = lengths.last, let more = read(2) else { return nil }
        lengths += [UInt8](repeating: last, count: 3 + more)
      case 17:
        guard let more = read(3) else { return nil }
        lengths += [UInt8](repeating: 0, count: 3 + more)
      case 18:
        guard let more = read(7) else { return nil }
        lengths += [UInt8](repeating: 0, count: 11 + more)
      default: lengths.append(UInt8(symbol))
      }
    }
    // A block without an end, or a repetition that goes on after the last length.
    guard lengths.count == literals + distances, lengths[256] != 0 else { return nil }
    guard let literalCode = HuffmanCode(lengths: lengths[..<literals]),
      let distanceCode = HuffmanCode(lengths: lengths[literals...])
    else { return nil }
    return (literalCode, distanceCode)
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
