import TensorCore

/// Finds the kinds of line end in a text of one or more files that comes in chunks.
struct LineEndFinder {
  /// Offset of the first line end of each kind.
  private var firstFeed, firstPair, firstReturn: Int?
  /// Offset of the first line end in the first file in which every line ends in CR.
  private(set) var onlyReturns: Int?
  /// Offset of a CR at the end of the last chunk, which may begin a pair.
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

  /// Takes the next chunk, which is not empty.
  mutating func append(_ chunk: [UInt8], beginsFile: Bool) {
    if let open = openReturn { close(open, isPair: chunk[0] == Self.lineFeed) }
    if beginsFile { endFile() }
    findFeeds(chunk)
    findReturns(chunk)
    last = chunk[chunk.count - 1]
    offset += chunk.count
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

  private mutating func findFeeds(_ chunk: [UInt8]) {
    var index = 0
    while firstFeed == nil || !fileHasFeed, let feed = chunk[index...].firstIndex(of: Self.lineFeed) {
      fileHasFeed = true
      if (feed > 0 ? chunk[feed - 1] : last) != Self.carriageReturn { firstFeed = firstFeed ?? offset + feed }
      index = feed + 1
    }
  }

  private mutating func findReturns(_ chunk: [UInt8]) {
    var index = 0
    while index < chunk.count, firstPair == nil || firstReturn == nil || fileReturn == nil && !fileHasFeed {
      if chunk[index] != Self.carriageReturn {
        index = isPlain(chunk[index]) ? endOfPlainText(in: chunk, from: index) : index + 1
        continue
      }
      index += 1
      if index == chunk.count {
        openReturn = offset + index - 1
      } else {
        close(offset + index - 1, isPair: chunk[index] == Self.lineFeed)
      }
    }
  }
}
