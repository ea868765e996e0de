import TensorCore

/// Finds the kinds of line end in a text of one or more files that comes in pieces.
struct LineEndFinder {
  /// Offset of the first line end of each kind.
  private var firstFeed, firstPair, firstReturn: Int?
  /// Offset of the first line end in the first file in which every line ends in CR.
  private(set) var onlyReturns: Int?
  /// Offset of a CR at the end of the last piece, which may begin a pair.
  private var openReturn: Int?
  private var last: UInt8 = 0
  private var offset = 0
  /// Offset of the first CR of this file that is no part of a pair, and whether the file has a line feed.
  private var fileReturn: Int?
  private var fileHasFeed = false

  private static let (carriageReturn, lineFeed): (UInt8, UInt8) = (0x0D, 0x0A)

  subscript(kind: LineEnd) -> Int? {
    switch kind {
    case .lineFeed: firstFeed
    case .pair: firstPair
    case .carriageReturn: firstReturn
    }
  }

  /// Takes the next piece, which is not empty.
  mutating func append(_ piece: [UInt8], beginsFile: Bool) {
    if let open = openReturn { close(open, isPair: piece[0] == Self.lineFeed) }
    if beginsFile { endFile() }
    findFeeds(piece)
    findReturns(piece)
    last = piece[piece.count - 1]
    offset += piece.count
  }

  /// Ends the text.
  mutating func finish() {
    if let open = openReturn { close(open, isPair: false) }
    endFile()
  }

  private mutating func close(_ start: Int, isPair: Bool) {
    openReturn = nil
    if isPair {
      firstPair = firstPair ?? start
      fileHasFeed = true
    } else {
      firstReturn = firstReturn ?? start
      fileReturn = fileReturn ?? start
    }
  }

  private mutating func endFile() {
    if let fileReturn, !fileHasFeed, onlyReturns == nil { onlyReturns = fileReturn }
    (fileReturn, fileHasFeed) = (nil, false)
  }

  private mutating func findFeeds(_ piece: [UInt8]) {
    var index = 0
    while firstFeed == nil || !fileHasFeed, let feed = piece[index...].firstIndex(of: Self.lineFeed) {
      fileHasFeed = true
      if (feed > 0 ? piece[feed - 1] : last) != Self.carriageReturn { firstFeed = firstFeed ?? offset + feed }
      index = feed + 1
    }
  }

  private mutating func findReturns(_ piece: [UInt8]) {
    var index = 0
    while index < piece.count, firstPair == nil || firstReturn == nil || fileReturn == nil && !fileHasFeed {
      if piece[index] != Self.carriageReturn {
        index = isPlain(piece[index]) ? endOfPlainText(in: piece, from: index) : index + 1
        continue
      }
      index += 1
      if index == piece.count {
        openReturn = offset + index - 1
      } else {
        close(offset + index - 1, isPair: piece[index] == Self.lineFeed)
      }
    }
  }
}
