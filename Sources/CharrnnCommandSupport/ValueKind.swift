import TensorCore

/// How an option's text becomes a value: what it accepts, how help and errors speak of it.
package struct ValueKind<Value: Sendable>: Sendable {
  /// Name that stands for the value in the help (`N`, `DIR`, `lstm|gru`).
  let valueName: String
  /// The expected value for errors, to follow "is not" (`a whole number of at least 1`).
  let expectation: String
  /// The accepted names where they are few enough to list.
  let names: [String]
  /// Whether values are paths.
  let isPath: Bool
  let form: ValueForm
  /// The value of a text, or nil where it is not one.
  let read: @Sendable (String) -> Value?
  /// The text of a value; `read` gives the value back.
  let show: @Sendable (Value) -> String

  package init(
    valueName: String, expectation: String, names: [String] = [], isPath: Bool = false,
    form: ValueForm = .text, read: @escaping @Sendable (String) -> Value?, show: @escaping @Sendable (Value) -> String
  ) {
    self.valueName = valueName
    self.expectation = expectation
    self.names = names
    self.isPath = isPath
    self.form = form
    self.read = read
    self.show = show
  }

  /// A kind that reads these texts as values of another type. It shows no default in the help; an option states it in a note.
  package func mapped<Other>(_ transform: @escaping @Sendable (Value) -> Other) -> ValueKind<Other> {
    ValueKind<Other>(
      valueName: valueName, expectation: expectation, names: names, isPath: isPath,
      form: form, read: { [read] in read($0).map(transform) },
      show: { "\($0)" })
  }
}

/// Form of an option's value in a file of options.
package enum ValueForm: Sendable, CustomStringConvertible {
  case flag, text, number
  /// A number that stands for a time.
  case seconds
  /// A number, or its text.
  case fraction

  package var description: String {
    switch self {
    case .flag: "true or false"
    case .text: "a text"
    case .number: "a number"
    case .seconds: "a number of seconds above 0"
    case .fraction: "a decimal fraction"
    }
  }
}

extension ValueKind where Value == Int {
  /// A count of steps, tokens or the like, with room for arithmetic above it.
  package static func count(atLeast minimum: Int) -> ValueKind {
    integer(atLeast: minimum, atMost: OutsideNumbers.largestCount)
  }

  /// A decimal whole number from `minimum` to `maximum`, both included. See `count` for numbers that others are computed from.
  package static func integer(atLeast minimum: Int = .min, atMost maximum: Int = .max) -> ValueKind {
    let bounds = [
      minimum == .min ? nil : "of at least \(minimum)",
      maximum == .max ? nil : "of at most \(maximum)",
    ]
    return ValueKind(
      valueName: "N", expectation: phrase("a whole number", bounds), form: .number,
      read: { text in Int(text).flatMap { minimum <= $0 && $0 <= maximum ? $0 : nil } },
      show: { "\($0)" })
  }
}

extension ValueKind where Value == Double {
  /// A finite number within the bounds given: `above` and `below` exclude theirs, `atLeast` and `atMost` include them.
  package static func number(
    atLeast: Double? = nil, above: Double? = nil, below: Double? = nil, atMost: Double? = nil
  ) -> ValueKind {
    let bounds = [
      atLeast.map { "of at least \(shortest($0))" }, above.map { "above \(shortest($0))" },
      below.map { "below \(shortest($0))" }, atMost.map { "of at most \(shortest($0))" },
    ]
    return ValueKind(
      valueName: "X", expectation: phrase("a number", bounds), form: .number,
      read: { text in
        guard let value = Double(text), value.isFinite else { return nil }
        guard atLeast.map({ value >= $0 }) ?? true, above.map({ value > $0 }) ?? true else { return nil }
        guard below.map({ value < $0 }) ?? true, atMost.map({ value <= $0 }) ?? true else { return nil }
        return value
      },
      show: shortest)
  }
}

extension ValueKind where Value == Duration {
  /// A length of time above zero and below 32 years: a number and its unit, `90s`, `10m`, `1.5h`.
  package static var duration: ValueKind {
    ValueKind(
      valueName: "TIME", expectation: "a time such as 90s, 10m or 2h", form: .seconds,
      read: { text in
        guard let unit = text.last.flatMap({ ["s": 1.0, "m": 60, "h": 3600][$0] }) else { return nil }
        guard let count = Double(text.dropLast()), count > 0, count * unit < OutsideNumbers.longestTime else {
          return nil
        }
        return .seconds(count * unit)
      },
      show: { duration in
        let seconds = duration / .seconds(1)
        let units = [(3600.0, "h"), (60, "m"), (1, "s")]
        let (length, letter) = units.first { seconds.remainder(dividingBy: $0.0) == 0 } ?? (1, "s")
        return shortest(seconds / length) + letter
      })
  }
}

extension ValueKind where Value == Double {
  /// A number of bytes above zero: a number and its unit, `200M`, `1.5G`, in thousands.
  package static var byteCount: ValueKind {
    ValueKind(
      valueName: "SIZE", expectation: "a size such as 500K, 200M or 1.5G", form: .text,
      read: { text in
        guard let unit = text.last.flatMap({ ["K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12][$0] }) else { return nil }
        guard let count = Double(text.dropLast()), count > 0, (count * unit).isFinite else { return nil }
        return count * unit
      },
      show: { bytes in
        let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K")]
        let (size, letter) = units.first { bytes >= $0.0 } ?? (1e3, "K")
        return shortest(bytes / size) + letter
      })
  }
}

extension ValueKind where Value == String {
  /// Any text, the empty one included.
  package static func text(_ valueName: String = "TEXT") -> ValueKind {
    ValueKind(valueName: valueName, expectation: "a text", read: { $0 }, show: { $0 })
  }

  /// Any text but the empty one.
  package static func nonEmptyText(_ valueName: String = "TEXT") -> ValueKind {
    ValueKind(
      valueName: valueName, expectation: "a text of at least one character", read: { $0.isEmpty ? nil : $0 },
      show: { $0 })
  }

  /// Any text but the empty one, with escapes for what is hard to type: `\n`, `\r`, `\t`, and `\\` for a backslash.
  package static func escapedText(_ valueName: String = "TEXT") -> ValueKind {
    ValueKind(
      valueName: valueName,
      expectation: #"a text of at least one character, with \n, \r, \t and \\ as the only escapes"#,
      read: { $0.isEmpty ? nil : unescaped($0) },
      show: { text in
        text.reduce(into: "") { shown, character in
          shown += escapes.first { $0.value == character }.map { "\\\($0.key)" } ?? String(character)
        }
      })
  }

  /// The name of a file or a directory, which is never empty.
  package static func path(_ valueName: String = "FILE") -> ValueKind {
    ValueKind(
      valueName: valueName, expectation: "a path", isPath: true, read: { $0.isEmpty ? nil : $0 }, show: { $0 })
  }

  /// One of a few names.
  package static func choice(_ names: String...) -> ValueKind { choice(names) }

  /// One of a few names.
  package static func choice(_ names: [String]) -> ValueKind {
    ValueKind(
      valueName: names.joined(separator: "|"), expectation: "one of \(names.joined(separator: ", "))",
      names: names, read: { names.contains($0) ? $0 : nil }, show: { $0 })
  }
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable {
  /// One of an enumeration's cases, by raw value.
  package static func choice(of type: Value.Type) -> ValueKind {
    let values = Dictionary(uniqueKeysWithValues: Value.allCases.map { ($0.rawValue, $0) })
    let names = Value.allCases.map(\.rawValue)
    return ValueKind(
      valueName: names.joined(separator: "|"), expectation: "one of \(names.joined(separator: ", "))",
      names: names, read: { values[$0] }, show: { $0.rawValue })
  }
}

private func phrase(_ noun: String, _ bounds: [String?]) -> String {
  let stated = bounds.compactMap { $0 }
  return stated.isEmpty ? noun : "\(noun) \(stated.joined(separator: " and "))"
}

private func shortest(_ value: Double) -> String {
  let text = "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Characters by the letters that stand for them after a backslash.
private let escapes: [Character: Character] = ["n": "\n", "r": "\r", "t": "\t", "\\": "\\"]

/// A text with its escapes read; nil where a backslash is followed by none of the letters.
private func unescaped(_ text: String) -> String? {
  var (result, isEscaped) = ("", false)
  for character in text {
    if isEscaped {
      guard let meant = escapes[character] else { return nil }
      result.append(meant)
      isEscaped = false
    } else if character == "\\" {
      isEscaped = true
    } else {
      result.append(character)
    }
  }
  return isEscaped ? nil : result
}
