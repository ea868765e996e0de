import TensorCore

/// Series that cannot be split, scaled or cut into windows as asked, and the reason, in one line.
public enum SeriesError: Error, Equatable, CustomStringConvertible {
  case fractions(validation: Double, test: Double)
  /// A time of a split that is no time of the kind in the table.
  case splitTime(String, isDate: Bool)
  case splitOutOfOrder(validation: String, test: String)
  /// No value of a column before the split, to measure a mean from. `series` is nil where all series are scaled alike.
  case nothingBeforeSplit(column: String, series: String?)
  /// The mean or the deviation of a column is infinite.
  case momentsTooLarge(column: String)
  /// A scaled number that the scalar type cannot hold.
  case tooLarge(column: String, time: String, type: String)
  case noWindows(SeriesPart, lag: Int, horizon: Int)
  /// Every series has fewer known steps than a model reads.
  case noSeriesToForecast(lag: Int)

  public var description: String {
    switch self {
    case .fractions(let validation, let test):
      "shares of \(validation) for validation and \(test) for test leave nothing to train on; choose shares from 0 with a "
        + "sum below 1"
    case .splitTime(let text, let isDate):
      "the split at \(quoted(text)) is no \(isDate ? "date" : "number"), as the times of the table are; write it as they are"
    case .splitOutOfOrder(let validation, let test):
      "validation from \(quoted(validation)) on is not before the test from \(quoted(test)) on; exchange them"
    case .nothingBeforeSplit(let column, let series):
      "column \(quoted(column)) has no known number before the split\(series.map { " in series \(quoted($0))" } ?? ""); "
        + "split later, or leave \(series == nil ? "the column" : "the series") out"
    case .momentsTooLarge(let column):
      "the numbers of column \(quoted(column)) are too large for a mean and a deviation; scale the column"
    case .tooLarge(let column, let time, let type):
      "column \(quoted(column)) at \(quoted(time)) is too large for \(type); correct it, or scale the column"
    case .noWindows(let part, let lag, let horizon):
      "the \(part.rawValue) part has no window with a known target: one reads \(counted(lag, "step")), and the "
        + "\(horizon == 1 ? "step" : "\(horizon) steps") after them are in the part; choose a shorter lag or horizon, or a "
        + "larger part"
    case .noSeriesToForecast(let lag):
      "no series has \(counted(lag, "step")) to forecast from; choose a shorter lag, or add rows"
    }
  }
}
