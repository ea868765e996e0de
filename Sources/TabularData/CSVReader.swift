/// Reader of the fields of a CSV text, one after another, without copying them.
struct CSVReader: Sendable {
  /// The name of the text in errors.
  let file: String
  let bytes: [UInt8]
  let separator: UInt8
  /// The names in the header; while the header is being read, the names so far.
  var columnNames: [String] = []
  private(set) var position = 0
  /// The column of the next field, counted from 0.
  private(set) var column = 0

  static let (quote, lineFeed, carriageReturn) = (UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))

  struct Field {
    /// The bytes of the field without the quotes around it.
    let range: Range<Int>
    /// The offset of the field, including an opening quote.
    let start: Int
    let hasDoubledQuotes: Bool
    let endsRecord: Bool
  }

  /// A reader at the first byte after a byte-order mark, if there is one.
  init(_ bytes: [UInt8], file: String, separator: UInt8) {
    self.bytes = bytes
    self.file = file
    self.separator = separator
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// Whether all records have been read. Valid between records.
  var isAtEnd: Bool { position == bytes.count }

  mutating func next() throws(CSVError) -> Field {
    let start = position
    if start < bytes.count, bytes[start] == Self.quote { return try nextQuoted() }
    var end = start
    while end < bytes.count {
      let byte = bytes[end]
      if byte == separator || byte == Self.lineFeed || byte == Self.carriageReturn { break }
      if byte == Self.quote { throw error(.quoteInUnquotedField, at: start, column: column) }
      end += 1
    }
    return try finish(start..<end, start: start, end: end, hasDoubledQuotes: false)
  }

  private mutating func nextQuoted() throws(CSVError) -> Field {
    let start = position
    var (end, hasDoubledQuotes) = (start + 1, false)
    while true {
      guard end < bytes.count else { throw error(.unterminatedQuote, at: start, column: column) }
      if bytes[end] == Self.quote {
        guard end + 1 < bytes.count, bytes[end + 1] == Self.quote else { break }
        hasDoubledQuotes = true
        end += 1
      }
      end += 1
    }
    return try finish(start + 1..<end, start: start, end: end + 1, hasDoubledQuotes: hasDoubledQuotes)
  }

  /// Skips the end of a field: a separator, a line break, or the end of the text.
  private mutating func finish(
    _ range: Range<Int>, start: Int, end: Int, hasDoubledQuotes: Bool
  ) throws(CSVError) -> Field {
    var endsRecord = true
    if end == bytes.count || bytes[end] == Self.lineFeed {
      position = min(end + 1, bytes.count)
    } else if bytes[end] == separator {
      position = end + 1
      endsRecord = false
    } else if bytes[end] != Self.carriageReturn {
      throw error(.textAfterQuote, at: start, column: column)
    } else if end + 1 < bytes.count, bytes[end + 1] == Self.lineFeed {
      position = end + 2
    } else {
      throw error(.loneCarriageReturn, at: start, column: column)
    }
    column = endsRecord ? 0 : column + 1
    return Field(range: range, start: start, hasDoubledQuotes: hasDoubledQuotes, endsRecord: endsRecord)
  }

  /// The value of a field in bytes, with doubled quotes made single.
  func value(of field: Field) -> ArraySlice<UInt8> {
    guard field.hasDoubledQuotes else { return bytes[field.range] }
    var value: [UInt8] = []
    var index = field.range.lowerBound
    while index < field.range.upperBound {
      value.append(bytes[index])
      index += bytes[index] == Self.quote ? 2 : 1
    }
    return value[...]
  }

  func text(of field: Field) -> String { String(decoding: value(of: field), as: UTF8.self) }

  /// Whether the field contains nothing but spaces and tabs.
  func isBlank(_ field: Field) -> Bool { bytes[field.range].allSatisfy { $0 == 0x20 || $0 == 0x09 } }

  /// An error in the record or field that starts at a byte offset.
  func error(_ problem: CSVError.Problem, at offset: Int, column: Int? = nil) -> CSVError {
    let line = bytes[..<offset].reduce(1) { $0 + ($1 == Self.lineFeed ? 1 : 0) }
    return CSVError(file: file, line: line, column: column.map(place), problem: problem)
  }

  private func place(_ column: Int) -> CSVError.Column {
    CSVError.Column(number: column + 1, name: columnNames.indices.contains(column) ? columnNames[column] : nil)
  }
}
