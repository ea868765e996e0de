/// Checks that no object in the JSON `text`, at any depth, has the same name twice; Foundation's readers would silently keep
/// one of the two.
///
/// - Throws: `duplicateName`; another problem when the text is not JSON or is nested deeper than 64 levels, or has a name
///   of more than 512 bytes. Offsets count
///   from the start of the text.
package func requireDistinctNames(inJSON text: String) throws(JSONProblem) {
  do {
    try JSONScanner.scan(text) { scanner in
      try scanner.anyValue(levels: 64)
      try scanner.end(of: "text")
    }
  } catch let problem as JSONProblem {
    throw problem
  } catch {
    programmingError("requireDistinctNames: \(error)")
  }
}

extension JSONScanner {
  /// Reads a value of any kind. Numbers and the words `true`, `false` and `null` are skipped without being parsed.
  package mutating func anyValue(levels: Int) throws {
    // Every level is a recursive call: the limit protects the stack.
    guard levels > 0 else { throw JSONProblem.malformed(offset: offset, expected: "fewer levels") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): try object(nameLimit: 512) { scanner, _ in try scanner.anyValue(levels: levels - 1) }
    case UInt8(ascii: "["): try array { try $0.anyValue(levels: levels - 1) }
    case UInt8(ascii: "\""): _ = try text(atMost: .max)
    default: try word()
    }
  }

  /// Reads a number or a word; nil where it is no integer.
  package mutating func integerOrOther() throws -> Int? {
    var integer = self
    if let value = try? integer.integer() {
      self = integer
      return value
    }
    skipSpace()
    try word()
    return nil
  }
}
