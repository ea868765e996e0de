import TensorCore

/// An option that takes a value: `--name value` or `--name=value`.
///
/// An option is declared once, as a constant, and that constant reads its value, so a misspelt name does not compile:
///
///     static let batch = Option("batch", .integer(atLeast: 1), default: 50, help: "streams trained side by side")
///     static let epochs = Option("epochs", .integer(atLeast: 1), help: "passes over the text")
///     …
///     let size = arguments[batch]    // Int
///     let limit = arguments[epochs]  // Int?, nil where it was not given
package struct Option<Value: Sendable>: OptionDeclaration {
  package let name: String
  package let help: String
  package let valueName: String?
  package let defaultText: String?
  let defaultValue: Value
  let read: @Sendable (String) -> Value?
  let expectation: String
  package let names: [String]
  package let isPath: Bool
  package let form: ValueForm

  /// An option with a default value.
  ///
  /// - Precondition: the kind accepts the default.
  package init(_ name: String, _ kind: ValueKind<Value>, default defaultValue: Value, help: String) {
    self.name = name
    self.help = help
    valueName = kind.valueName
    defaultText = kind.show(defaultValue)
    self.defaultValue = defaultValue
    read = kind.read
    expectation = kind.expectation
    names = kind.names
    isPath = kind.isPath
    form = kind.form
    if let problem = problem(with: kind.show(defaultValue)) { programmingError("default of --\(name): \(problem)") }
  }

  /// An option whose value is nil when it is not given; `defaultNote` states in the help what happens then.
  package init<Wrapped: Sendable>(
    _ name: String, _ kind: ValueKind<Wrapped>, defaultNote: String? = nil, help: String
  ) where Value == Wrapped? {
    self.name = name
    self.help = help
    valueName = kind.valueName
    defaultText = defaultNote
    defaultValue = nil
    read = { text in kind.read(text).map { .some($0) } }
    expectation = kind.expectation
    names = kind.names
    isPath = kind.isPath
    form = kind.form
  }

  package func problem(with text: String) -> String? {
    if read(text) != nil { return nil }
    let hint = nearestName(to: text, among: names).map { "; did you mean \($0)?" } ?? ""
    return "\(quoted(text)) is not \(expectation)\(hint)"
  }
}

/// An option without a value: true when given.
package struct Flag: OptionDeclaration {
  package let name: String
  package let help: String
  package var valueName: String? { nil }
  package var defaultText: String? { nil }
  package var names: [String] { [] }
  package var isPath: Bool { false }
  package var form: ValueForm { .flag }

  package init(_ name: String, help: String) {
    self.name = name
    self.help = help
  }

  package func problem(with text: String) -> String? { "takes no value" }
}

/// The part of an option's declaration that the parser and the help use, independent of the type of its value.
package protocol OptionDeclaration: Sendable {
  /// The name without its hyphens.
  var name: String { get }
  /// The help; empty for an option that is declared only to be refused with a reason, which the help does not list.
  var help: String { get }
  /// Name that stands for the value in the help; nil for an option without a value.
  var valueName: String? { get }
  var defaultText: String? { get }
  /// Values where they are few enough to list.
  var names: [String] { get }
  /// Whether values are paths.
  var isPath: Bool { get }
  /// Form of the value in a file of options.
  var form: ValueForm { get }
  /// The problem with a value; nil when it is valid.
  func problem(with text: String) -> String?
}

/// Options under one heading of the help. Commands may share a group.
package struct OptionGroup: Sendable {
  package let title: String
  package let options: [any OptionDeclaration]

  package init(_ title: String, _ options: [any OptionDeclaration]) {
    self.title = title
    self.options = options
  }
}

/// A positional argument: `Argument.one` reads as a `String`, `Argument.many` (one or more) and `Argument.any` (as many as
/// there are) as a `[String]`.
package struct Argument<Value: Sendable>: ArgumentDeclaration {
  package let name: String
  package let help: String
  package let isRepeated: Bool
  package let isNeeded: Bool
  let read: @Sendable ([String]) -> Value
}

extension Argument where Value == String {
  package static func one(_ name: String, help: String) -> Argument {
    Argument(name: name, help: help, isRepeated: false, isNeeded: true) { $0[0] }
  }
}

extension Argument where Value == [String] {
  /// One or more; only a command's last argument can be repeated.
  package static func many(_ name: String, help: String) -> Argument {
    Argument(name: name, help: help, isRepeated: true, isNeeded: true) { $0 }
  }

  /// As many as there are, or none; only a command's last argument can be repeated.
  package static func any(_ name: String, help: String) -> Argument {
    Argument(name: name, help: help, isRepeated: true, isNeeded: false) { $0 }
  }
}

/// The part of a positional argument's declaration that the parser and the help use.
package protocol ArgumentDeclaration: Sendable {
  var name: String { get }
  var help: String { get }
  var isRepeated: Bool { get }
  var isNeeded: Bool { get }
}

extension ArgumentDeclaration {
  var label: String {
    let label = isRepeated ? "\(name)…" : name
    return isNeeded ? label : "[\(label)]"
  }
}
