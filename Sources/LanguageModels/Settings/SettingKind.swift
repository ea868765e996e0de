import SequenceText
import TensorCore

/// The values that a setting may have.
public enum SettingKind: Sendable, Equatable {
  case flag
  /// A whole number within the range.
  case integer(ClosedRange<Int>)
  /// A finite number: `atLeast` is within the range, `above` and `below` are not.
  case number(atLeast: Double? = nil, above: Double? = nil, below: Double? = nil)
  case choice([String])
  /// A decimal fraction of the corpus, below 1.
  case fraction
  /// Any text but an empty one.
  case text

  /// A count of steps or of validations.
  static let count = SettingKind.integer(1...OutsideNumbers.largestCount)
  static let probability = SettingKind.number(atLeast: 0, below: 1)
  static func choice<Choice: SettingChoice>(of: Choice.Type) -> SettingKind {
    .choice(Choice.allCases.map(\.rawValue))
  }

  /// Whether a setting of this kind may have the value. An optional setting may have none.
  public func allows(_ value: SettingValue) -> Bool {
    switch (self, value) {
    case (_, .none), (.flag, .flag): true
    case (.integer(let range), .integer(let value)): range.contains(value)
    case (.number(let least, let above, let below), .number(let value)):
      value.isFinite && least.map { value >= $0 } ?? true && above.map { value > $0 } ?? true
        && below.map { value < $0 } ?? true
    case (.choice(let names), .text(let name)): names.contains(name)
    case (.fraction, .text(let text)): DecimalFraction(text)?.isProper == true
    case (.text, .text(let text)): !text.isEmpty
    default: false
    }
  }

  /// The allowed values, to follow "it must be".
  public var allowed: String {
    switch self {
    case .flag: "true or false"
    case .integer(let range) where range.upperBound == .max: "at least \(range.lowerBound)"
    case .integer(let range): "from \(range.lowerBound) to \(range.upperBound)"
    case .number(let least, let above, let below):
      ([least.map { "at least \(shortest($0))" }, above.map { "above \(shortest($0))" }]
        + [below.map { "below \(shortest($0))" }]).compactMap { $0 }.joined(separator: " and ")
    case .choice(let names): "one of \(names.joined(separator: ", "))"
    case .fraction: "a decimal fraction below 1, such as 0.05"
    case .text: "a text that is not empty"
    }
  }

  private func shortest(_ value: Double) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
