import TensorCore

/// A table read from a CSV file: a line of column names, then a line for each row.
///
/// The format is that of RFC 4180. Fields are separated by the separator. A field that contains a separator, a quote or a
/// line break is quoted, with the quotes inside doubled. Lines end with LF or CR LF; the last line end may be missing. A
/// byte-order mark is skipped. Spaces belong to a field. Names and values are compared by their UTF-8 bytes.
///
/// The table keeps the bytes of the file; every access to columns reads them in one pass.
public struct CSVTable: Sendable {
  /// The names in the header, in order; no two have the same UTF-8 bytes.
  public let columnNames: [String]
  /// The number of rows below the header, at least 1.
  public let rowCount: Int
  /// A reader at the first row.
  let firstRow: CSVReader
  /// The index of each column, by the bytes of its name.
  let columnIndices: [ArraySlice<UInt8>: Int]

  /// Reads the file (or pipe) at `path`.
  ///
  /// - Parameter separator: an ASCII character, and neither a quote nor a line break.
  /// - Throws: `CSVError` when the file cannot be read or is malformed.
  public init(contentsOf path: String, separator: Character = ",") throws(CSVError) {
    let bytes: [UInt8]
    do { bytes = try FileReader(path).rest() } catch {
      throw CSVError(file: path, line: nil, column: nil, problem: .unreadable(error))
    }
    try self.init(bytes: bytes, name: path, separator: separator)
  }

  /// Reads a text.
  ///
  /// - Parameter name: the name of the text in errors.
  /// - Throws: `CSVError` when the text is malformed.
  public init(text: String, name: String = "text", separator: Character = ",") throws(CSVError) {
    try self.init(bytes: Array(text.utf8), name: name, separator: separator)
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameters:
  ///   - name: the name of the file in errors.
  ///   - separator: an ASCII character, and neither a quote nor a line break.
  /// - Throws: `CSVError` when the file is malformed.
  public init(bytes: [UInt8], name: String, separator: Character = ",") throws(CSVError) {
    guard let separator = separator.asciiValue, !Set("\"\r\n".utf8).contains(separator) else {
      programmingError(
        "CSVTable: \(separator) cannot separate fields; an ASCII character can, but no quote or line break")
    }
    var reader = CSVReader(bytes, file: name, separator: separator)
    if reader.isAtEnd { throw CSVError(file: name, line: nil, column: nil, problem: .empty) }
    if let offset = firstLineNotUTF8(bytes) { throw reader.error(.notUTF8, at: offset) }
    columnIndices = try Self.readHeader(&reader)
    columnNames = reader.columnNames
    firstRow = reader
    rowCount = try Self.countRows(reader)
    if rowCount == 0 { throw reader.error(.noRows, at: 0) }
  }

  /// Reads the header into the reader's column names. Returns the index of each column.
  private static func readHeader(_ reader: inout CSVReader) throws(CSVError) -> [ArraySlice<UInt8>: Int] {
    var indices: [ArraySlice<UInt8>: Int] = [:]
    while true {
      let column = reader.columnNames.count
      let field = try reader.next()
      if reader.isBlank(field) { throw reader.error(.emptyColumnName, at: field.start, column: column) }
      reader.columnNames.append(reader.text(of: field))
      if let first = indices.updateValue(column, forKey: reader.value(of: field)) {
        throw reader.error(.repeatedColumnName(first: first + 1), at: field.start, column: column)
      }
      if field.endsRecord { return indices }
    }
  }

  /// Counts the records and checks their form, so that later passes need not.
  private static func countRows(_ start: CSVReader) throws(CSVError) -> Int {
    var (reader, rows) = (start, 0)
    let columns = reader.columnNames.count
    while !reader.isAtEnd {
      let record = reader.position
      var (fields, field) = (1, try reader.next())
      let isEmpty = field.endsRecord && field.range.isEmpty && field.start == field.range.lowerBound
      while !field.endsRecord {
        field = try reader.next()
        fields += 1
      }
      if fields != columns {
        throw reader.error(isEmpty ? .emptyLine : .fieldCount(fields, columns: columns), at: record)
      }
      rows += 1
    }
    return rows
  }
}

/// The offset of the first line that is not valid UTF-8.
private func firstLineNotUTF8(_ bytes: [UInt8]) -> Int? {
  if String(validating: bytes, as: UTF8.self) != nil { return nil }
  // A line feed is never part of a multi-byte sequence, so each line can be checked by itself.
  return bytes.split(separator: CSVReader.lineFeed, omittingEmptySubsequences: false)
    .first { String(validating: $0, as: UTF8.self) == nil }?.startIndex
}
