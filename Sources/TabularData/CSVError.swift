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

    // Problems of a table of series.
    case columnInTwoRoles(String)
    case notAValue(String)
    case notATime(String)
    /// A date in a column that began with numbers, or the reverse.
    case otherKindOfTime(String)
    /// Every time has eight digits that could be those of a date.
    case compactDates(String)
    case timeNotLater(String, than: String, series: String?)
    case timeOffGrid(String, after: String, step: String)
    case gap(steps: Int, step: String)
    case gapTooLong(step: String)
    case noStep
    case monthsOfNumbers
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
    case .columnInTwoRoles(let name): "column \(quoted(name)) is asked for in two roles; name another column"
    case .notAValue(let text):
      "\(quoted(text)) is not a finite number; correct it, or list it among the words for missing values"
    case .notATime(let text):
      "\(quoted(text)) is not a time; write a number, or a date such as \(Self.dateForms)"
    case .otherKindOfTime(let text):
      "the time \(quoted(text)) is of another kind than the first; write all as numbers, or all as dates"
    case .compactDates(let text):
      "\(quoted(text)) and all other times could be dates or numbers; write dates such as \(Self.dateForms), or numbers with "
        + "a point, such as \(text).0"
    case .timeNotLater(let text, let earlier, let series):
      "the time \(quoted(text)) is not later than \(quoted(earlier)), the one before it"
        + "\(series.map { " in series \(quoted($0))" } ?? ""); sort the rows, or remove one of the two"
    case .timeOffGrid(let text, let earlier, let step):
      "the time \(quoted(text)) is no whole number of steps of \(step) after \(quoted(earlier)); correct it, "
        + "or give another step"
    case .gap(let steps, let step):
      "\(counted(steps, "step")) of \(step) \(steps == 1 ? "is" : "are") missing before the row; add the rows, "
        + "or let gaps be missing values"
    case .gapTooLong(let step):
      "with the steps of \(step) that are missing before the row, far more would be missing than there are; correct the "
        + "time, or give a longer step"
    case .noStep: "no series has two rows, so that the step between them is not known; add rows, or give the step"
    case .monthsOfNumbers: "the step is in months, and the times are numbers; give the step as a number"
    }
  }

  private static let dateForms = "2024-01-31, 2024-01-31T12:30 or 2024-01-31T12:30:00Z"
  private static let quotingAdvice = "put the whole field in quotes, and double the quotes inside of it"
}
