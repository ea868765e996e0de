import TensorCore

/// Part of every series in time: training first, then validation, then test.
public enum SeriesPart: String, Sendable, CaseIterable {
  case training, validation, test
}

/// Split of each series by time.
public enum SeriesSplit: Sendable {
  /// Shares of each series' steps with known values, held out at its end; each is rounded to steps.
  case fractions(validation: Double, test: Double)
  /// Times from which on steps belong to a part, written as in the table; nil where there is no such part.
  case times(validation: String?, test: String?)

  /// For each series, the steps of each part.
  func steps(of data: SeriesData) throws(SeriesError) -> [[SeriesPart: Range<Int>]] {
    let starts = try starts(in: data)
    return data.series.map { series in
      let (validation, test) = starts(series)
      return [
        .training: 0..<validation, .validation: validation..<test, .test: test..<series.knownSteps,
      ]
    }
  }

  private func starts(
    in data: SeriesData
  ) throws(SeriesError) -> (TimeSeries) -> (validation: Int, test: Int) {
    switch self {
    case .fractions(let validation, let test):
      guard validation >= 0, test >= 0, validation + test < 1 else {
        throw .fractions(validation: validation, test: test)
      }
      return { series in
        let count = Double(series.knownSteps)
        let tested = Int((count * test).rounded())
        let held = min(Int((count * validation).rounded()), series.knownSteps - tested)
        return (series.knownSteps - tested - held, series.knownSteps - tested)
      }
    case .times(let validation, let test):
      let testTime = try test.map { text throws(SeriesError) in try time(text, data.clock) } ?? .infinity
      let validationTime = try validation.map { text throws(SeriesError) in try time(text, data.clock) } ?? testTime
      if let validation, let test, !(validationTime < testTime) {
        throw .splitOutOfOrder(validation: validation, test: test)
      }
      return { series in
        func first(from time: Double) -> Int {
          min(series.times.firstIndex { $0 >= time } ?? series.knownSteps, series.knownSteps)
        }
        return (first(from: validationTime), first(from: testTime))
      }
    }
  }

  private func time(_ text: String, _ clock: SeriesClock) throws(SeriesError) -> Double {
    let bytes = Array(text.utf8)
    guard let found = try? SeriesClock.read(bytes, bytes.indices), found.clock == clock else {
      throw .splitTime(text, isDate: clock == .dates)
    }
    return found.time
  }
}
