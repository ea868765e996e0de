/// A decoded sequence of labels.
public struct ScoredLabels: Sendable, Equatable {
  public let labels: [Int32]
  /// Score by the method that found them:
  /// - `CTCDecoder.bestPath`: log-probability of the one path that was read.
  /// - `CTCDecoder.beamSearch`: log-probability of all paths that the beam kept, plus the prefix score of each label.
  /// - `ConditionalRandomField.bestTags`: sum of the path's emissions and transitions; no log-probability.
  public let score: Double
}
