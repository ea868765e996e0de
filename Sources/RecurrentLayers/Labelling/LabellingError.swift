/// Labels that no loss can be computed of, or scores that cannot be decoded.
public enum LabellingError: Error, Equatable, CustomStringConvertible {
  /// There is not a single sequence.
  case noSequences
  /// A sequence of tags is empty.
  case noTags(sequence: Int)
  /// A label is none of the classes.
  case outOfRange(sequence: Int, position: Int, label: Int32, classes: Int)
  /// A target holds the blank.
  case isBlank(sequence: Int, position: Int, label: Int32)
  /// A score is +∞ or not a number.
  case unsoundScore(sequence: Int, step: Int)
  /// A transition of a conditional random field is +∞ or not a number.
  case unsoundTransition
  /// Every sequence of tags has a score of −∞.
  case noPath(sequence: Int)

  public var description: String {
    switch self {
    case .noSequences: "there is no sequence of labels; give at least one"
    case .noTags(let sequence): "sequence \(sequence) has no tags, and every step needs one; leave it out of the batch"
    case .outOfRange(let sequence, let position, let label, let classes):
      "label \(position) of sequence \(sequence) is \(label), and there are \(classes) classes, counted from 0; "
        + "correct the label"
    case .isBlank(let sequence, let position, let label):
      "label \(position) of sequence \(sequence) is \(label), the blank, which no target holds; "
        + "leave it out or choose another blank"
    case .unsoundScore(let sequence, let step):
      "step \(step) of sequence \(sequence) has a score of infinity or NaN; check the model that computed it"
    case .unsoundTransition: "a transition has a score of infinity or NaN; check the conditional random field"
    case .noPath(let sequence):
      "every sequence of tags has a score of minus infinity for sequence \(sequence); check what rules out all of them"
    }
  }
}

/// Throws unless there are sequences and every label is one of the classes.
func checkLabels(_ labels: [[Int32]], classes: Int) throws(LabellingError) {
  if labels.isEmpty { throw .noSequences }
  for (sequence, labels) in labels.enumerated() {
    guard let position = labels.firstIndex(where: { $0 < 0 || Int($0) >= classes }) else { continue }
    throw .outOfRange(sequence: sequence, position: position, label: labels[position], classes: classes)
  }
}
