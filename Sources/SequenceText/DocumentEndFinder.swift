import TensorCore

/// Finder of the ends of documents in tokens that come one after the other. Ends do not overlap.
///
/// The search is that of Knuth, Morris and Pratt (1977, "Fast pattern matching in strings"): constant time a token in the mean.
package struct DocumentEndFinder: Sendable {
  private let end: [Int32]
  /// For each number of tokens of the end: the next smaller number that the same tokens may also be the beginning of.
  private let shorter: [Int]
  /// How many of the last tokens may begin an end.
  package private(set) var begun = 0

  /// - Parameter end: tokens that end a document; at least one.
  package init(_ end: [Int32]) {
    require(!end.isEmpty, "DocumentEndFinder: an end of no tokens")
    self.end = end
    var shorter = [0, 0]
    for token in end.dropFirst() {
      var length = shorter.last!
      while length > 0, end[length] != token { length = shorter[length] }
      shorter.append(end[length] == token ? length + 1 : 0)
    }
    self.shorter = shorter
  }

  /// Takes the next token, and says whether it is the last one of an end.
  package mutating func reads(_ token: Int32) -> Bool {
    while begun > 0, end[begun] != token { begun = shorter[begun] }
    if end[begun] == token { begun += 1 }
    guard begun == end.count else { return false }
    begun = 0
    return true
  }
}
