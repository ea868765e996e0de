/// A JSON value that prints on one line, with the members of objects in the order given.
///
///     let report: JSONText = ["cell": "lstm", "layers": .integer(model.layers), "loss": .number(loss)]
///     try output.write(report.line + "\n")
package enum JSONText: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// The shortest decimal that reads back as the same number; `null` for a number that is not finite.
  case number(Double)
  case string(String)
  case array([JSONText])
  case object([(name: String, value: JSONText)])

  package var line: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .string(let value): quotedForJSON(value)
    case .array(let values): "[" + values.map(\.line).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { quotedForJSON($0.name) + ": " + $0.value.line }.joined(separator: ", ") + "}"
    }
  }
}

private func quotedForJSON(_ text: String) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    case "\n": quoted += "\\n"
    case "\r": quoted += "\\r"
    case "\t": quoted += "\\t"
    // JSON does not require escapes for these line separators, but JavaScript and line readers stop at them.
    case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
      let digits = String(scalar.value, radix: 16)
      quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: quoted.unicodeScalars.append(scalar)
    }
  }
  return quoted + "\""
}

extension JSONText: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
  package init(nilLiteral: ()) { self = .null }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
}

extension JSONText: ExpressibleByFloatLiteral, ExpressibleByStringLiteral {
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(stringLiteral value: String) { self = .string(value) }
}

extension JSONText: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  package init(arrayLiteral values: JSONText...) { self = .array(values) }
  package init(dictionaryLiteral members: (String, JSONText)...) {
    self = .object(members.map { (name: $0.0, value: $0.1) })
  }
}
