import TabularData
import Testing

private let header = ["first", "second"]

/// Every text of up to `length` pieces.
private func everyText(of pieces: [String], length: Int) -> [String] {
  var (all, longest) = ([""], [""])
  for _ in 0..<length {
    longest = longest.flatMap { text in pieces.map { text + $0 } }
    all += longest
  }
  return all
}

/// Layouts in which a writer may store a table.
struct Layout: Sendable, CustomStringConvertible {
  var separator: Character
  var lineEnd: String
  var quotesAll, hasMark, endsLastLine: Bool

  static let all = [",", ";", "\t", " "].flatMap { separator in
    ["\n", "\r\n"].flatMap { lineEnd in
      (0..<8).map {
        Layout(
          separator: Character(separator), lineEnd: lineEnd, quotesAll: $0 & 1 == 0, hasMark: $0 & 2 == 0,
          endsLastLine: $0 & 4 == 0)
      }
    }
  }

  func write(_ records: [[String]]) -> String {
    let lines = records.map { $0.map(written).joined(separator: String(separator)) }
    return (hasMark ? "\u{FEFF}" : "") + lines.joined(separator: lineEnd) + (endsLastLine ? lineEnd : "")
  }

  private func written(_ field: String) -> String {
    let special = Array("\"\r\n\(separator)".unicodeScalars)
    guard quotesAll || field.unicodeScalars.contains(where: special.contains) else { return field }
    return "\"" + field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }

  var description: String {
    "separator \(separator.debugDescription), line end \(lineEnd.debugDescription), quotes all: \(quotesAll), "
      + "mark: \(hasMark), ends last line: \(endsLastLine)"
  }
}

@Suite struct CSVFormTests {
  @Test(arguments: Layout.all)
  func whatAnyWriterWroteIsReadAsItWas(layout: Layout) throws {
    let fields = everyText(of: ["a", ",", ";", "\"", "\n", "\r", " ", "\t", "é"], length: 2)
    let rows = fields.map { [$0, "x"] } + fields.map { ["y", $0] } + zip(fields, fields.reversed()).map { [$0, $1] }
    let table = try CSVTable(text: layout.write([header] + rows), separator: layout.separator)
    #expect(table.columnNames == header)
    #expect(table.rowCount == rows.count)
    for (column, name) in header.enumerated() {
      let read = try table.strings(of: name)
      for (row, value) in read.enumerated() where !value.utf8.elementsEqual(rows[row][column].utf8) {
        Issue.record("row \(row), column \(column): \(value.debugDescription), not \(rows[row])")
      }
    }
  }

  @Test(arguments: Layout.all)
  func namesInTheHeaderMayBeQuotedToo(layout: Layout) throws {
    let names = ["a \"b\"", "c,d", "e;\nf\t", " g "]
    let table = try CSVTable(text: layout.write([names, ["1", "2", "3", "4"]]), separator: layout.separator)
    #expect(table.columnNames == names)
    #expect(try names.map { try table.strings(of: $0) } == [["1"], ["2"], ["3"], ["4"]])
  }

  @Test(arguments: [1, 2])
  func everyShortTextIsReadOrRefusedAsTheSlowReaderDoes(columns: Int) throws {
    let names = Array(header.prefix(columns))
    var accepted = 0
    for text in everyText(of: ["a", ",", "\"", "\n", "\r"], length: 6) where !text.isEmpty {
      let expected = SlowReader.read(text, columns: columns)
      do {
        let table = try CSVTable(text: names.joined(separator: ",") + "\n" + text)
        let read = try names.map { try table.strings(of: $0) }
        #expect(.success(read) == expected, "\(text.debugDescription)")
        accepted += 1
      } catch let error as CSVError {
        #expect(.failure(error.problem) == expected, "\(text.debugDescription)")
      }
    }
    #expect(accepted > 100)
  }
}

/// Reads text one scalar at a time, by the grammar and with no thought of speed.
private enum SlowReader {
  enum State { case start, unquoted, quoted, afterQuote, afterReturn }

  /// The columns, or the first fault.
  static func read(_ text: String, columns: Int) -> Result<[[String]], CSVError.Problem> {
    var (records, record, field) = ([[String]](), [String](), "")
    var (state, isEmptyLine) = (State.start, true)

    func endField() {
      record.append(field)
      field = ""
      state = .start
    }
    func endRecord() -> CSVError.Problem? {
      defer { (record, isEmptyLine) = ([], true) }
      if record.count != columns {
        return isEmptyLine ? .emptyLine : .fieldCount(record.count, columns: columns)
      }
      records.append(record)
      return nil
    }

    for scalar in text.unicodeScalars {
      switch (state, scalar) {
      case (.quoted, "\""): state = .afterQuote
      case (.quoted, _): field.unicodeScalars.append(scalar)
      case (.afterReturn, "\n"), (.start, "\n"), (.unquoted, "\n"), (.afterQuote, "\n"):
        endField()
        if let problem = endRecord() { return .failure(problem) }
        continue
      case (.afterReturn, _): return .failure(.loneCarriageReturn)
      case (_, "\r"):
        state = .afterReturn
        continue
      case (_, ","): endField()
      case (.start, "\""): state = .quoted
      case (.afterQuote, "\""):
        field += "\""
        state = .quoted
      case (.afterQuote, _): return .failure(.textAfterQuote)
      case (.unquoted, "\""): return .failure(.quoteInUnquotedField)
      case (.start, _), (.unquoted, _):
        field.unicodeScalars.append(scalar)
        state = .unquoted
      }
      isEmptyLine = false
    }
    if state == .quoted { return .failure(.unterminatedQuote) }
    if state == .afterReturn { return .failure(.loneCarriageReturn) }
    if !isEmptyLine {
      endField()
      if let problem = endRecord() { return .failure(problem) }
    }
    return .success((0..<columns).map { column in records.map { $0[column] } })
  }
}
