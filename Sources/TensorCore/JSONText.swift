import Foundation

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

  /// For a reader: a space after each comma and colon, and an escape for whatever steers a terminal.
  package var line: String { text(comma: ", ", colon: ": ", escapesSteering: true) }

  /// For files whose bytes are compared: no spaces, and no escapes but those that JSON requires.
  package var compact: String { text(comma: ",", colon: ":", escapesSteering: false) }

  private func text(comma: String, colon: String, escapesSteering: Bool) -> String {
    func text(_ value: JSONText) -> String {
      value.text(comma: comma, colon: colon, escapesSteering: escapesSteering)
    }
    func quoted(_ text: String) -> String { quotedForJSON(text, escapesSteering: escapesSteering) }
    return switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .string(let value): quoted(value)
    case .array(let values): "[" + values.map(text).joined(separator: comma) + "]"
    case .object(let members):
      "{" + members.map { quoted($0.name) + colon + text($0.value) }.joined(separator: comma) + "}"
    }
  }
}

/// Compact JSON of a value with sorted keys: the same bytes for the same value. Traps on a number that JSON cannot hold.
package func canonicalJSON(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { programmingError("\(type(of: value)) holds a number JSON cannot") }
  return String(decoding: data, as: UTF8.self)
}

private func quotedForJSON(_ text: String, escapesSteering: Bool) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    case "\n": quoted += "\\n"
    case "\r": quoted += "\\r"
    case "\t": quoted += "\\t"
    case "\u{0}"..."\u{1F}": quoted += escaped(scalar)
    // JSON does not require these escapes, but a terminal may show such text, and JavaScript stops at line separators.
    case _ where escapesSteering && scalar.steersTerminal: quoted += escaped(scalar)
    default: quoted.unicodeScalars.append(scalar)
    }
  }
  return quoted + "\""
}

/// Escapes of the scalar's UTF-16 units: two above U+FFFF.
private func escaped(_ scalar: Unicode.Scalar) -> String {
  scalar.utf16.map { unit in
    let digits = String(unit, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }.joined()
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
