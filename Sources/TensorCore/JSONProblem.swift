/// Reason why a text is not the JSON that its reader accepts. Offsets are in bytes from the start of the file, or of the text
/// where it is from none.
package enum JSONProblem: Error, Equatable {
  case malformed(offset: Int, expected: String)
  case notAnInteger(offset: Int)
  case integerTooLarge(offset: Int)
  case duplicateName(String, offset: Int)
  /// A string of more bytes than its reader takes, quotes not counted.
  case textTooLong(offset: Int, limit: Int)
  /// A list or an object of more elements than its reader takes.
  case tooManyElements(offset: Int, limit: Int)

  package var offset: Int {
    switch self {
    case .malformed(let offset, _), .notAnInteger(let offset), .integerTooLarge(let offset),
      .duplicateName(_, let offset),
      .textTooLong(let offset, _), .tooManyElements(let offset, _):
      offset
    }
  }
}
