import TensorCore

/// Members of a JSON report.
package typealias Members = [(name: String, value: JSONText)]

extension TrainingSettings {
  /// Settings for a report, in the order of the table.
  ///
  /// - Parameter isReported: which.
  package func members(where isReported: (SettingField) -> Bool = { _ in true }) -> Members {
    var members: Members = []
    var nested: [String: Members] = [:]
    for field in SettingField.all where isReported(field) {
      let member = (name: field.reportedName, value: JSONText(field.value(in: self)))
      guard let object = field.reportedWithin else {
        members.append(member)
        continue
      }
      nested[object, default: []].append(member)
      if nested[object]?.count == 1 { members.append((object, .null)) }
    }
    return members.map { (name, value) in (name, nested[name].map { .object($0) } ?? value) }
  }
}

extension Architecture {
  package var members: Members { TrainingSettings(architecture: self).members(where: \.isOfArchitecture) }
}

extension JSONText {
  fileprivate init(_ value: SettingValue) {
    switch value {
    case .none: self = .null
    case .flag(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .text(let value): self = .string(value)
    }
  }

  /// The integer, or null.
  package init(_ value: Int?) { self = value.map { .integer($0) } ?? .null }
  /// The number, or null.
  package init(_ value: Double?) { self = value.map { .number($0) } ?? .null }
  /// The text, or null.
  package init(_ value: String?) { self = value.map { .string($0) } ?? .null }
}

extension Members {
  /// Inserts members behind the one of a name.
  ///
  /// - Precondition: there is one of that name.
  package mutating func insert(_ others: Members, after name: String) {
    insert(contentsOf: others, at: firstIndex { $0.name == name }! + 1)
  }
}
