/// SHA-256 (FIPS 180-4) of bytes given in any number of pieces.
///
/// - Complexity: O(n) time in the bytes given, O(1) memory.
public struct ContentHash: Sendable {
  private var state = SIMD8<UInt32>(
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
  /// Bytes that do not fill a block of 64 yet.
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  public init() {}

  /// Goes on where another hash, of which this is the snapshot, has come to.
  package init(snapshot: [UInt8]) {
    let words: [UInt32] = LittleEndianBytes.decode(Array(snapshot[..<32]))
    for index in 0..<8 { state[index] = words[index] }
    length = LittleEndianBytes.decode(Array(snapshot[32..<40]))[0]
    pending = Array(snapshot[40..<40 + Int(length % 64)])
  }

  /// Bytes of a fixed number from which another process can go on.
  package var snapshot: [UInt8] {
    LittleEndianBytes.encode((0..<8).map { state[$0] }) + LittleEndianBytes.encode([length]) + pending
      + [UInt8](repeating: 0, count: 64 - pending.count)
  }

  /// The digest of `bytes`, in 64 lowercase hexadecimal digits.
  public static func hex(of bytes: [UInt8]) -> String {
    var hash = ContentHash()
    hash.update(bytes)
    return hash.finalize()
  }

  /// The digest of a whole file, in 64 lowercase hexadecimal digits.
  public static func hex(of file: MappedFile) -> String {
    var hash = ContentHash()
    hash.update(file, in: 0..<file.count)
    return hash.finalize()
  }

  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Adds the bytes of `file` in `range`. Traps when the range leaves the file.
  public mutating func update(_ file: MappedFile, in range: Range<Int>) {
    require(
      range.lowerBound >= 0 && range.upperBound <= file.count,
      "ContentHash: bytes \(range) of a file of \(file.count) bytes")
    file.withUnsafeBytes { update(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    length &+= UInt64(bytes.count)
    var rest = bytes[...]
    if !pending.isEmpty {
      let head = rest.prefix(64 - pending.count)
      pending.append(contentsOf: head)
      rest = rest.dropFirst(head.count)
      guard pending.count == 64 else { return }
      pending.withUnsafeBytes { Self.compress($0, into: &state) }
      pending.removeAll(keepingCapacity: true)
    }
    let whole = rest.prefix(rest.count & ~63)
    Self.compress(UnsafeRawBufferPointer(rebasing: whole), into: &state)
    pending.append(contentsOf: rest.dropFirst(whole.count))
  }

  /// The digest of everything given so far, in 64 lowercase hexadecimal digits. More may be added afterwards.
  public func finalize() -> String {
    // One bit 1, zeros, and the length in bits, big-endian, fill the last block or two (section 5.1.1).
    var last = pending
    last.append(0x80)
    while last.count % 64 != 56 { last.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) { last.append(UInt8(truncatingIfNeeded: (length &* 8) >> shift)) }
    var state = state
    last.withUnsafeBytes { Self.compress($0, into: &state) }
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for index in 0..<8 {
      for shift in stride(from: 28, through: 0, by: -4) { text.append(digits[Int(state[index] >> shift) & 15]) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The compression function of section 6.2.2, over whole blocks.
  private static func compress(_ blocks: UnsafeRawBufferPointer, into state: inout SIMD8<UInt32>) {
    guard let base = blocks.baseAddress else { return }
    roundConstants.withUnsafeBufferPointer { constants in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
        let k = constants.baseAddress!
        let w = schedule.baseAddress!
        var offset = 0
        while offset < blocks.count {
          expand(base + offset, into: w, adding: k)
          compressBlock(w, into: &state)
          offset &+= 64
        }
      }
    }
  }

  /// The message schedule, then the round constants added to it, so that a round reads one word.
  @inline(__always)
  private static func expand(
    _ block: UnsafeRawPointer, into w: UnsafeMutablePointer<UInt32>, adding k: UnsafePointer<UInt32>
  ) {
    var t = 0
    while t < 16 {
      w[t] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: t &* 4, as: UInt32.self))
      t &+= 1
    }
    while t < 64 {
      let a = w[t &- 15]
      let b = w[t &- 2]
      let sigma0 = rotated(a, 7) ^ rotated(a, 18) ^ (a &>> 3)
      let sigma1 = rotated(b, 17) ^ rotated(b, 19) ^ (b &>> 10)
      w[t] = sigma1 &+ w[t &- 7] &+ sigma0 &+ w[t &- 16]
      t &+= 1
    }
    t = 0
    while t < 64 {
      w[t] = w[t] &+ k[t]
      t &+= 1
    }
  }

  @inline(__always)
  private static func compressBlock(_ w: UnsafeMutablePointer<UInt32>, into state: inout SIMD8<UInt32>) {
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    var t = 0
    while t < 64 {
      // Eight rounds return every letter to its own variable, so that nothing is moved between rounds.
      round(a, b, c, &d, e, f, g, &h, w[t])
      round(h, a, b, &c, d, e, f, &g, w[t &+ 1])
      round(g, h, a, &b, c, d, e, &f, w[t &+ 2])
      round(f, g, h, &a, b, c, d, &e, w[t &+ 3])
      round(e, f, g, &h, a, b, c, &d, w[t &+ 4])
      round(d, e, f, &g, h, a, b, &c, w[t &+ 5])
      round(c, d, e, &f, g, h, a, &b, w[t &+ 6])
      round(b, c, d, &e, f, g, h, &a, w[t &+ 7])
      t &+= 8
    }
    state = state &+ SIMD8(a, b, c, d, e, f, g, h)
  }

  @inline(__always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32,
    _ e: UInt32, _ f: UInt32, _ g: UInt32, _ h: inout UInt32, _ word: UInt32
  ) {
    let choice = (e & f) ^ (~e & g)
    let majority = (a & b) ^ (a & c) ^ (b & c)
    let first = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ word
    d = d &+ first
    h = first &+ (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
  }

  @inline(__always)
  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    (word &>> count) | (word &<< (32 &- count))
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2).
  private static let roundConstants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}
