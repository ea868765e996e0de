import Autograd
import TensorCore

/// Token ids of a batch of sequences, time-major: the id of sequence b at time t is `ids[t * batch + b]`.
public struct TokenGrid: Sendable, Equatable {
  public let ids: [Int32]
  /// Number of steps.
  public let time: Int
  /// Number of sequences.
  public let batch: Int

  /// - Precondition: there are time × batch ids.
  public init(ids: [Int32], time: Int, batch: Int) {
    require(ids.count == time * batch, "TokenGrid: \(ids.count) ids for \(time) steps of \(batch) sequences")
    self.ids = ids
    self.time = time
    self.batch = batch
  }

  /// The tokens of some steps.
  package func steps(_ range: Range<Int>) -> TokenGrid {
    TokenGrid(
      ids: Array(ids[range.lowerBound * batch..<range.upperBound * batch]), time: range.count, batch: batch)
  }

  /// Traps on an id outside 0..<tokens.
  func validate(tokens: Int) {
    if let bad = ids.first(where: { $0 < 0 || $0 >= tokens }) {
      programmingError("recurrent layer: the token \(bad) is outside of the \(tokens) that it was made for")
    }
  }
}
