/// Names and values of a JSON object in its order, values as they are written. The members of an object in it stand in its place.
///
/// - Throws: a problem where the text is no object, has a name twice in one object, or is nested deeper than 16 levels. Numbers and
///   the words `true`, `false` and `null` are not checked.
package func flatMembers(ofJSON text: String) throws(JSONProblem) -> [(name: String, json: String)] {
  let bytes = Array(text.utf8)
  var members: [(name: String, json: String)] = []
  func readObject(_ scanner: inout JSONScanner, levels: Int) throws {
    guard levels > 0 else { throw JSONProblem.malformed(offset: scanner.offset, expected: "fewer levels") }
    try scanner.object(nameLimit: 512) { scanner, name in
      scanner.skipSpace()
      let start = scanner.offset
      if scanner.current == UInt8(ascii: "{") { return try readObject(&scanner, levels: levels - 1) }
      try scanner.anyValue(levels: levels)
      members.append((name, String(decoding: bytes[start..<scanner.offset], as: UTF8.self)))
    }
  }
  do {
    try JSONScanner.scan(text) { scanner in
      try readObject(&scanner, levels: 16)
      try scanner.end(of: "text")
    }
  } catch let problem as JSONProblem {
    throw problem
  } catch {
    programmingError("flatMembers: \(error)")
  }
  return members
}
