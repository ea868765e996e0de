import TensorCore

/// Target labels of a batch for connectionist temporal classification: a sequence of labels for each input sequence,
/// usually shorter than it and without alignment to its steps. A sequence may be empty: nothing is to be read.
public struct CTCTargets: Sendable, Equatable {
  /// The labels of each sequence.
  public let labels: [[Int32]]
  /// Number of classes, the blank included.
  public let classes: Int
  /// The class that stands for no label.
  public let blank: Int32

  /// - Parameters:
  ///   - labels: of each sequence; in 0..<classes, and none of them the blank.
  ///   - classes: the blank included.
  ///   - blank: the class that stands for no label.
  /// - Precondition: the blank is one of the classes.
  /// - Throws: `LabellingError` when there is no sequence, or a label is the blank or none of the classes.
  public init(_ labels: [[Int32]], classes: Int, blank: Int32 = 0) throws(LabellingError) {
    require(blank >= 0 && Int(blank) < classes, "CTCTargets: the blank \(blank) is none of the \(classes) classes")
    try checkLabels(labels, classes: classes)
    for (sequence, labels) in labels.enumerated() {
      guard let position = labels.firstIndex(of: blank) else { continue }
      throw .isBlank(sequence: sequence, position: position, label: blank)
    }
    (self.labels, self.classes, self.blank) = (labels, classes, blank)
  }

  /// Number of sequences.
  public var count: Int { labels.count }
}
