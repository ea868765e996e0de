import TensorCore

/// Target tags of a batch: one for each step of each sequence.
public struct TagSequences: Sendable, Equatable {
  /// The tags of each sequence.
  public let tags: [[Int32]]
  /// Number of tags to choose from.
  public let tagCount: Int
  /// Lengths of the sequences in a batch as long as the longest.
  public let lengths: SequenceLengths

  /// - Parameters:
  ///   - tags: of each sequence, one a step; in 0..<tagCount.
  ///   - tagCount: the number of tags to choose from.
  /// - Throws: `LabellingError` when there is no sequence, one is empty, or a tag is not in 0..<tagCount.
  public init(_ tags: [[Int32]], tagCount: Int) throws(LabellingError) {
    try checkLabels(tags, classes: tagCount)
    do { lengths = try SequenceLengths(of: tags) } catch {
      throw .noTags(sequence: tags.firstIndex { $0.isEmpty }!)
    }
    (self.tags, self.tagCount) = (tags, tagCount)
  }

  /// Number of sequences.
  public var count: Int { tags.count }
}
