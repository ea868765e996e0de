import TensorCore

/// Way in which a model predicts the text that is compressed.
public struct CompressionMode: Sendable, Equatable {
  /// Whether the network learns from each segment of the text that it has predicted (dynamic evaluation).
  public var learns: Bool
  /// Whether its predictions are mixed with those of n-gram models, which count the training text and then what they read.
  public var mixesNGrams: Bool

  public init(learns: Bool = false, mixesNGrams: Bool = false) {
    (self.learns, self.mixesNGrams) = (learns, mixesNGrams)
  }

  /// Whether it needs the text that the model was trained on.
  public var needsTrainingText: Bool { learns || mixesNGrams }
}

/// The bytes of a compressed text:
///
///     crnn             4 bytes
///     version          1 byte
///     mode             1 byte of flags: 1 learns, 2 mixes n-grams, 4 stored as it is, 8 reproducible kernels, 16 a byte-order
///                      mark was left out; 32 CR LF, 64 LF, 96 CR is what line ends were before they were those of the model,
///                      128 with exceptions
///     length           of the content as it was coded, in bytes, as LEB128 (7 bits a byte, the lowest first)
///     identity         16 bytes of the hash of the model, and of the training text that it needs
///     content          8 bytes of the hash of the content
///     exceptions       where there are any, the numbers of line ends that were the model's: how many, then each less the one
///                      before, all as LEB128
///     payload          as it was coded
///     checksum         8 bytes of the hash of all before
struct CompressedFile: Equatable {
  var mode: CompressionMode
  /// Whether the payload is the content itself, which no prediction made smaller.
  var isStored = false
  /// Whether the model computed with the kernels that are the same on every machine.
  var isReproducible = true
  /// Spelling of the content, which was coded in the model's own.
  var spelling = TextSpelling()
  var length: Int
  var identity: [UInt8]
  var contentHash: [UInt8]
  var payload: ArraySlice<UInt8>

  static let identitySize = 16
  static let hashSize = 8
  private static let magic = Array("crnn".utf8)
  private static let version: UInt8 = 1

  init(
    mode: CompressionMode, length: Int, identity: [UInt8], contentHash: [UInt8], payload: ArraySlice<UInt8>,
    isStored: Bool, isReproducible: Bool, spelling: TextSpelling
  ) {
    (self.mode, self.length, self.identity) = (mode, length, identity)
    (self.contentHash, self.payload) = (contentHash, payload)
    (self.isStored, self.isReproducible, self.spelling) = (isStored, isReproducible, spelling)
  }

  /// - Throws: `notCompressed`, `newerVersion`, and `damaged` where the checksum is wrong.
  init(_ bytes: [UInt8]) throws(CompressionError) {
    let (magic, hashSize) = (Self.magic, Self.hashSize)
    guard bytes.starts(with: magic), bytes.count > magic.count else { throw .notCompressed }
    let version = bytes[magic.count]
    guard version <= Self.version else { throw .newerVersion(Int(version)) }
    let end = bytes.count - hashSize
    guard version == Self.version, end > magic.count, Self.hash(of: bytes[..<end]) == Array(bytes[end...])
    else {
      throw .damaged
    }
    var rest = bytes[(magic.count + 1)..<end]
    guard let flags = rest.popFirst(), let length = LEB128.take(from: &rest),
      rest.count >= Self.identitySize + hashSize
    else { throw .damaged }
    let (identity, contentHash) = (rest.prefix(Self.identitySize), rest.dropFirst(Self.identitySize).prefix(hashSize))
    rest = rest.dropFirst(Self.identitySize + hashSize)
    var spelling = TextSpelling(flags: flags >> 4)
    if flags & 128 != 0 {
      guard let kept = LEB128.takeDifferences(from: &rest) else { throw .damaged }
      spelling.kept = kept
    }
    self.init(
      mode: CompressionMode(learns: flags & 1 != 0, mixesNGrams: flags & 2 != 0), length: length,
      identity: Array(identity), contentHash: Array(contentHash), payload: rest, isStored: flags & 4 != 0,
      isReproducible: flags & 8 != 0, spelling: spelling)
  }

  var bytes: [UInt8] {
    let flags: [(UInt8, Bool)] = [(1, mode.learns), (2, mode.mixesNGrams), (4, isStored), (8, isReproducible)]
    var bytes = Self.magic + [Self.version, flags.reduce(spelling.flags << 4) { $0 | ($1.1 ? $1.0 : 0) }]
    bytes += LEB128.bytes(length) + identity + contentHash
    bytes += (spelling.kept.isEmpty ? [] : LEB128.differences(spelling.kept)) + payload
    return bytes + Self.hash(of: bytes[...])
  }

  /// First bytes of the SHA-256 of some bytes.
  static func hash(of bytes: ArraySlice<UInt8>, size: Int = hashSize) -> [UInt8] {
    var hash = ContentHash()
    bytes.withUnsafeBytes { hash.update($0) }
    return hash.digest(size)
  }
}

extension ContentHash {
  /// The first `size` bytes of the digest.
  func digest(_ size: Int) -> [UInt8] {
    let digits = Array(finalize().utf8.prefix(2 * size))
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
  }
}
