/// Finder of the ends of documents in tokens that come one after the other. Ends do not overlap.
package struct DocumentEndFinder: Sendable {
  private let end: [Int32]
  /// Last tokens, since the last end: one fewer than an end has, at most.
  private var recent: [Int32] = []

  /// How many of the last tokens may begin an end.
  package var begun: Int { (0...recent.count).last { end.starts(with: recent.suffix($0)) }! }

  /// - Parameter end: tokens that end a document.
  package init(_ end: [Int32]) { self.end = end }

  /// Takes the next token, and says whether it is the last one of an end.
  package mutating func reads(_ token: Int32) -> Bool {
    let isEnd = token == end.last && recent.count == end.count - 1 && end.starts(with: recent)
    if isEnd {
      recent.removeAll(keepingCapacity: true)
    } else if end.count > 1 {
      if recent.count == end.count - 1 { recent.removeFirst() }
      recent.append(token)
    }
    return isEnd
  }
}
