/// A decoded sequence of labels.
public struct ScoredLabels: Sendable, Equatable {
  public let labels: [Int32]
  /// The logarithm of a probability where `CTCDecoder` read them; the sum of the path's emissions and transitions where
  /// `ConditionalRandomField` did.
  public let score: Double
}
