import TensorCore

/// A CSV file, or a column of it, that cannot be used: the file, the line and column, and the reason, in one line.
public struct CSVError: Error, Equatable, CustomStringConvertible {
  /// The path by which the file was opened, or the name given to the text.
  public let file: String
  /// The physical line, counted from 1, on which the record or field at fault starts; nil when the whole file is at fault.
  public let line: Int?
  /// The column at fault; nil when a whole record or the whole file is.
  public let column: Column?
  public let problem: Problem

  /// A column of a table.
  public struct Column: Equatable, Sendable, CustomStringConvertible {
    /// The position of the column, counted from 1.
    public let number: Int
    /// The name in the header; nil when the header has fewer columns.
    public let name: String?

    public var description: String { "column \(number)\(name.map { " \(quoted($0))" } ?? "")" }
  }

  /// Every way in which a file can be malformed or unusable.
  public enum Problem: Error, Equatable {
    // Problems of the whole file.
    case unreadable(FileError)
    case empty
    case notUTF8
    case noRows

    // Problems of the header.
    case emptyColumnName
    case repeatedColumnName(first: Int)

    // Problems of the form of a record.
    case unterminatedQuote
    case textAfterQuote
    case quoteInUnquotedField
    case loneCarriageReturn
    case emptyLine
    case fieldCount(Int, columns: Int)

    // Problems of a column that a reader asks for.
    case unknownColumn(String, columns: [String])
    case missingValue
    case notANumber(String)
    case notFinite(String)
    case tooLarge(String, type: String)
    case unknownClass(String, classes: [String])
  }

  public var description: String {
    if case .unreadable(let error) = problem { return error.description }
    let place = [line.map { "line \($0)" }, column?.description].compactMap(\.self).joined(separator: ", ")
    return "\(file): \(place.isEmpty ? "" : "\(place): ")\(problem)"
  }
}

extension CSVError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .empty: "there is nothing in it; it needs a line of column names, and a line for each row"
    case .notUTF8: "not valid UTF-8; save the file as UTF-8"
    case .noRows: "there are column names and no rows; add a line for each row"
    case .emptyColumnName: "the column has no name; give it one"
    case .repeatedColumnName(let first): "column \(first) has the same name; rename one of them"
    case .unterminatedQuote: "the quote that opens the field is never closed; add the closing quote"
    case .textAfterQuote: "text follows the closing quote; \(Self.quotingAdvice)"
    case .quoteInUnquotedField: "a quote stands in a field without quotes around it; \(Self.quotingAdvice)"
    case .loneCarriageReturn:
      "a carriage return stands without a line feed; end lines with LF or CR LF, or put the field in quotes"
    case .emptyLine: "the line is empty; remove it"
    case .fieldCount(let found, let columns):
      "\(counted(found, "field")), and the header has \(counted(columns, "column")); "
        + "correct the line, or put fields that hold separators in quotes"
    case .unknownColumn(let name, let columns): "there is no column \(quoted(name)); there are \(listed(columns))"
    case .missingValue: "the value is missing; fill it in, or remove the row"
    case .notANumber(let text): "\(quoted(text)) is not a number; correct it, or read the column as classes"
    case .notFinite(let text): "\(quoted(text)) is not a finite number; correct it, or remove the row"
    case .tooLarge(let text, let type): "\(quoted(text)) is too large for \(type); correct it, or scale the column"
    case .unknownClass(let text, let classes):
      "\(quoted(text)) is none of the classes \(listed(classes)); correct it, or remove the row"
    }
  }

  private static let quotingAdvice = "put the whole field in quotes, and double the quotes inside of it"
}
