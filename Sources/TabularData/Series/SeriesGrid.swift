import TensorCore

/// Regular steps of time that the rows of series are placed on.
struct SeriesGrid {
  let step: SeriesStep
  private let clock: SeriesClock
  private let gaps: SeriesData.GapMeaning
  private let reader: CSVReader
  private let timeColumn: Int
  /// Missing steps that the series to come may have together.
  private var missingStepsLeft: Int

  /// Checks that times increase, and finds the step where none is given.
  init(
    _ series: [SeriesRows], step: SeriesStep?, clock: SeriesClock, gaps: SeriesData.GapMeaning, reader: CSVReader,
    timeColumn: Int
  ) throws(CSVError) {
    func fault(_ problem: CSVError.Problem, at offset: Int) -> CSVError {
      reader.error(problem, at: offset, column: timeColumn)
    }
    for rows in series {
      let times = rows.times
      if let index = times.indices.dropFirst().first(where: { !(times[$0] > times[$0 - 1]) }) {
        throw fault(
          .timeNotLater(clock.text(times[index]), than: clock.text(times[index - 1]), series: rows.name),
          at: rows.offsets[index])
      }
    }
    if clock == .numbers, case .months = step { throw fault(.monthsOfNumbers, at: series[0].offsets[0]) }
    guard let step = step ?? .inferred(from: series.map(\.times), clock: clock) else {
      throw CSVError(file: reader.file, line: nil, column: nil, problem: .noStep)
    }
    (self.step, self.clock, self.gaps, self.reader, self.timeColumn) = (step, clock, gaps, reader, timeColumn)
    missingStepsLeft = series.reduce(1000) { $0 + 10 * $1.times.count }
  }

  /// The series on the grid, with missing numbers at the steps that have no row.
  ///
  /// - Parameter values: the number of columns to forecast; those after them are covariates.
  mutating func series(_ rows: SeriesRows, values: Int) throws(CSVError) -> TimeSeries {
    let width = rows.numbers.count / rows.times.count
    let monthDay = step.monthDay(of: rows.times)
    var (times, all) = ([Double](), [Double]())
    for (row, time) in rows.times.enumerated() {
      if row > 0 {
        let count = try missingSteps(before: row, of: rows, placed: times.count, monthDay: monthDay)
        for ahead in 0..<count {
          times.append(step.advance(rows.times[row - 1], by: ahead + 1, monthDay: monthDay))
        }
        all += Array(repeating: .nan, count: count * width)
      }
      times.append(time)
      all += rows.numbers[row * width..<(row + 1) * width]
    }
    func columns(_ range: Range<Int>) -> Tensor<Double> {
      Tensor(
        times.indices.flatMap { step in range.map { all[step * width + $0] } }, shape: [times.count, range.count])
    }
    let known = times.indices.last { step in (0..<values).contains { !all[step * width + $0].isNaN } }
    return TimeSeries(
      name: rows.name, times: times, values: columns(0..<values), covariates: columns(values..<width),
      knownSteps: known.map { $0 + 1 } ?? 0, monthDay: monthDay)
  }

  /// The number of steps without a row before a row.
  private mutating func missingSteps(
    before row: Int, of rows: SeriesRows, placed: Int, monthDay: Int
  ) throws(CSVError) -> Int {
    let (earlier, time) = (rows.times[row - 1], rows.times[row])
    func fault(_ problem: CSVError.Problem) -> CSVError {
      reader.error(problem, at: rows.offsets[row], column: timeColumn)
    }
    guard let steps = step.count(from: earlier, to: time, monthDay: monthDay) else {
      throw fault(.timeOffGrid(clock.text(time), after: clock.text(earlier), step: step.text(clock)))
    }
    if steps == 1 { return 0 }
    // Neither a single wrong date nor many small series must take the memory of the machine.
    let allowed = min(Double(10 * rows.times.count + 1000 - placed), Double(missingStepsLeft + 1))
    guard steps <= allowed else { throw fault(.gapTooLong(step: step.text(clock))) }
    if gaps == .fault { throw fault(.gap(steps: Int(steps) - 1, step: step.text(clock))) }
    missingStepsLeft -= Int(steps) - 1
    return Int(steps) - 1
  }
}
