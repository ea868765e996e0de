import TensorCore

/// Series of one table: values at regular steps of time.
///
///     let table = try CSVTable(contentsOf: "sales.csv")
///     let sales = try SeriesData(table, time: "day", values: ["sold"], series: "shop", missing: ["NA"], gaps: .missing)
///
/// A time is a number, or a date of ISO 8601: `2024-01-31`; `2024-01-31T12:30` or `2024-01-31T12:30:00`, also with a space
/// for the T, with a fraction of a second, and with the zone as `Z` or `+02:00` at the end. A date without a zone is taken as
/// UTC. A column in which every time is a date of eight digits, `20240131`, is refused: as numbers its months would be of 100
/// days. Times increase within a series; rows of several series may be mixed in any way.
public struct SeriesData: Sendable {
  /// The columns to forecast.
  public let valueNames: [String]
  /// The columns that are inputs only.
  public let covariateNames: [String]
  /// Time between the steps of every series.
  public let step: SeriesStep
  /// The series, in the order in which they begin in the table.
  public let series: [TimeSeries]
  let clock: SeriesClock

  /// Meaning of a step without a row.
  public enum GapMeaning: Sendable {
    case fault
    /// All values of the step are missing.
    case missing
  }

  /// Reads the series of a table.
  ///
  /// - Parameters:
  ///   - time: the column of times: numbers, or dates of the Gregorian calendar, from 1582-10-15 on.
  ///   - values: the columns to forecast, at least one.
  ///   - series: the column that names the series of each row; nil where the table is one series.
  ///   - covariates: columns that are inputs only.
  ///   - missing: words that stand for a missing value, such as `NA`; an empty field always does.
  ///   - step: time between steps; nil for the one that most rows are apart, which is in months where the dates are all of one
  ///     day of the month, or of the last where a month has no such day.
  ///   - gaps: meaning of a step without a row.
  /// - Throws: `CSVError` for a column that is not there or is named twice; a field that is no time, or no number; times that
  ///   do not increase, or are no whole number of steps apart; a gap that is a fault; more missing steps than ten for each
  ///   row and a thousand, in one series or in all together.
  public init(
    _ table: CSVTable, time: String, values: [String], series: String? = nil, covariates: [String] = [],
    missing: [String] = [], step: SeriesStep? = nil, gaps: GapMeaning = .fault
  ) throws(CSVError) {
    require(!values.isEmpty, "SeriesData: no columns to forecast")
    require(step?.isPositive != false, "SeriesData: a step of \(step!) is not above 0")
    let columns = SeriesColumns(time: time, series: series, numbers: values + covariates)
    let (rows, clock) = try columns.rows(of: table, missing: missing)
    var grid = try SeriesGrid(
      rows, step: step, clock: clock, gaps: gaps, reader: table.firstRow, timeColumn: table.index(of: time))
    (valueNames, covariateNames, self.clock, self.step) = (values, covariates, clock, grid.step)
    var all: [TimeSeries] = []
    for series in rows { all.append(try grid.series(series, values: values.count)) }
    self.series = all
  }
}

/// Values of one series at regular steps.
public struct TimeSeries: Sendable {
  /// The name in the column of series; nil where the table is one series.
  public let name: String?
  /// The time of each step, of missing ones too: the number in the table, or seconds since 1970-01-01T00:00:00Z.
  public let times: [Double]
  /// Values to forecast, [steps, values]; NaN where one is missing.
  public let values: Tensor<Double>
  /// Inputs that are not forecast, [steps, covariates]; NaN where one is missing.
  public let covariates: Tensor<Double>
  /// The steps up to the last with a known value. Rows after it hold covariates of the future.
  public let knownSteps: Int
  /// Day of the month on which its steps fall where they are months; a shorter month has its last day.
  let monthDay: Int
}
