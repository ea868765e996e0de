import ProcessGroups
import TensorCore

/// A text of files that the ranks of a group read together, each some parts of it.
///
/// The parts that are trained on and those that are held out for validation are divided evenly; what is held out for a test is
/// rank 0's. Parts end where a token surely ends, wherever the text is cut.
struct SharedText {
  private let paths: [String]
  /// Offset of each file in the text, and its end.
  private let starts: [Int]
  private let kind: TokenKind
  /// Bytes of each part, in the order of the text, and the rank that reads it; none before it is divided.
  private(set) var parts: [(bytes: Range<Int>, rank: Int)] = []

  /// - Throws: `CorpusError` where a file cannot be read, or is empty.
  init(_ paths: [String], kind: TokenKind) throws(CorpusError) {
    (self.paths, self.kind) = (paths, kind)
    var starts = [0]
    for path in paths {
      let file: FileReader
      do { file = try FileReader(path) } catch { throw .unreadable(error) }
      guard let bytes = file.size else { throw .empty(file: path, hasMark: false) }
      starts.append(starts.last! + bytes)
    }
    self.starts = starts
  }

  /// Divides the text among the ranks of a group, of which each looks for some of the places to cut at.
  ///
  /// - Parameter heldOut: fractions of the text for validation and for a test.
  mutating func divide(heldOut: (validation: Double, test: Double), in group: ProcessGroup) throws(CorpusError) {
    let (total, size) = (Double(starts.last!), group.size)
    let ends = [total * (1 - heldOut.validation - heldOut.test), total * (1 - heldOut.test), total]
    var cuts = [0.0]
    for (part, end) in ends.prefix(2).enumerated() {
      let start = part == 0 ? 0 : ends[part - 1]
      for rank in 1...size { cuts.append(start + (end - start) * Double(rank) / Double(size)) }
    }
    for (index, cut) in cuts.enumerated() {
      cuts[index] = index % size == group.rank ? Double(try certainEnd(from: Int(cut))) : 0
    }
    let found = group.sums(of: cuts).map { Int($0) } + [starts.last!]
    parts = zip(found, found.dropFirst()).enumerated().map { ($1.0..<$1.1, $0 < 2 * size ? $0 % size : 0) }
  }

  /// The text of some bytes.
  func text(_ bytes: Range<Int>, chunkSize: Int) -> CorpusText {
    let places: [TextSource.Place] = paths.indices.compactMap { index in
      let own = bytes.clamped(to: starts[index]..<starts[index + 1])
      if own.isEmpty { return nil }
      return .extract(paths[index], own.lowerBound - starts[index]..<own.upperBound - starts[index])
    }
    return CorpusText(places, kind: kind, chunkSize: chunkSize)
  }

  /// Size of the text and a hash of the sizes of its files and of samples of them, by which ranks see whether they read the same.
  func fingerprint() throws(CorpusError) -> String {
    var hash = ContentHash()
    hash.update(LittleEndianBytes.encode(starts))
    let (count, size, total) = (64, 4096, starts.last!)
    for sample in 0..<count {
      let start = max(0, total - size) / (count - 1) * sample
      hash.update(try bytes(start..<min(start + size, total)))
    }
    return "of \(total) bytes (\(hash.finalize().prefix(12)))"
  }

  private func bytes(_ range: Range<Int>) throws(CorpusError) -> [UInt8] {
    var found: [UInt8] = []
    for index in paths.indices {
      let own = range.clamped(to: starts[index]..<starts[index + 1])
      if own.isEmpty { continue }
      do {
        let file = try FileReader(paths[index])
        try file.keep(own.lowerBound - starts[index]..<own.upperBound - starts[index])
        found += try file.rest()
      } catch { throw .unreadable(error) }
    }
    return found
  }

  /// Most bytes before and after a place that decide whether a token ends there.
  private static let deciding = 16

  /// The first position from `start` on at which a token surely ends, and a Character with it.
  private func certainEnd(from start: Int) throws(CorpusError) -> Int {
    let total = starts.last!
    if start == 0 || start >= total { return min(start, total) }
    var (position, size) = (start, 1 << 12)
    while position < total {
      // With the bytes before the first place and after the last that may decide.
      let window = try bytes(position - 1..<min(position + size, total))
      for index in 1..<window.count where isCertain(at: index, in: window) { return position - 1 + index }
      position += max(1, window.count - Self.deciding)
      size = min(2 * size, 1 << 20)
    }
    return total
  }

  /// Whether a token surely ends between two bytes.
  private func isCertain(at index: Int, in bytes: [UInt8]) -> Bool {
    kind.isOfPieces
      ? TextPieceRule.certainlyEnds(at: index, in: bytes) : Self.endsCharacter(bytes[index - 1], before: bytes[index])
  }

  /// Whether a Character surely ends between two bytes. That is known after ASCII alone: what an other byte belongs to may lie before.
  private static func endsCharacter(_ first: UInt8, before second: UInt8) -> Bool {
    first < 0x80 && second & 0xC0 != 0x80 && isHardBoundary(between: first, and: second)
  }
}
