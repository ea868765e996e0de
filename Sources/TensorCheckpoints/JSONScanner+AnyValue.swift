/// Checks that no object in the JSON `text`, at any depth, has the same name twice; Foundation's readers would silently keep
/// one of the two.
///
/// - Throws: `duplicateName`; another problem when the text is not JSON or is nested deeper than 64 levels. Offsets count
///   from the start of the text.
package func requireDistinctNames(inJSON text: String) throws(SafetensorsError.Problem) {
  var scanner = JSONScanner(Array(text.utf8), origin: 0)
  try scanner.anyValue(levels: 64)
  try scanner.end()
}

extension JSONScanner {
  /// Reads a value of any kind. Numbers and the words `true`, `false` and `null` are skipped without being parsed.
  fileprivate mutating func anyValue(levels: Int) throws(Problem) {
    // Every level is a recursive call: the limit protects the stack.
    guard levels > 0 else { throw .malformedHeader(offset: offset, expected: "fewer levels") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"):
      try object { (scanner: inout JSONScanner, _: String) throws(Problem) in try scanner.anyValue(levels: levels - 1) }
    case UInt8(ascii: "["):
      try array { (scanner: inout JSONScanner) throws(Problem) in try scanner.anyValue(levels: levels - 1) }
    case UInt8(ascii: "\""): _ = try text()
    default: try word()
    }
  }
}
