import TensorCore

/// The documents of a part of a text, one after the other in an order drawn for an epoch.
public struct DocumentOrder: Sendable {
  public let epoch: Int
  /// Position of each document's first token in the text, in this order.
  private let starts: [Int]
  /// Position in this order of the token after each document.
  private let ends: [Int]

  /// - Parameters:
  ///   - documents: positions of first tokens, in ascending order.
  ///   - end: position of the token after the last document.
  ///   - random: source of which each epoch has a substream.
  init(_ documents: [Int], end: Int, epoch: Int, random: RandomSource) {
    var random = random.substream(UInt64(epoch))
    var (starts, ends, length) = ([Int](), [Int](), 0)
    starts.reserveCapacity(documents.count)
    ends.reserveCapacity(documents.count)
    for document in random.permutation(of: documents.count) {
      let next = document + 1 < documents.count ? documents[document + 1] : end
      length += next - documents[document]
      starts.append(documents[document])
      ends.append(length)
    }
    (self.epoch, self.starts, self.ends) = (epoch, starts, ends)
  }

  /// Calls `body` with the position in the text of each token in a range of this order, and whether it is its document's last.
  func forEach(in range: Range<Int>, _ body: (_ position: Int, _ isLast: Bool) -> Void) {
    var document = ends.firstPosition(atLeast: range.lowerBound + 1)
    for place in range {
      let begin = document == 0 ? 0 : ends[document - 1]
      let isLast = place + 1 == ends[document]
      body(starts[document] + place - begin, isLast)
      if isLast { document += 1 }
    }
  }
}
