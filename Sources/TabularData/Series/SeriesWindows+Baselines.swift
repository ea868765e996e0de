import TensorCore

// Forecasts that need no model. Both are in the units of the table, [windows, horizon, variables], and look at no later step
// than a window does. NaN stands where no value is known up to the window's end.

extension SeriesWindows {
  /// The naive forecast: the last known value, for every step of the horizon.
  public func naiveForecasts() -> Tensor<Double> {
    forecasts { values, origin, _ in values.lastKnown(at: origin) }
  }

  /// The seasonal naive forecast: the value one season before, or as many seasons as it takes to find a known one that the
  /// window's end has seen. Where there is none, the naive forecast.
  ///
  /// - Precondition: the season has at least one step.
  public func seasonalNaiveForecasts(season: Int) -> Tensor<Double> {
    require(season > 0, "seasonal naive forecast: a season of \(season) steps")
    return forecasts { values, origin, step in
      var earlier = step - season
      while earlier > origin { earlier -= season }
      while earlier >= 0, values[earlier].isNaN { earlier -= season }
      return earlier >= 0 ? values[earlier] : values.lastKnown(at: origin)
    }
  }

  /// - Parameter forecast: forecasts a step of one variable, of its values and the last step that the window reads.
  private func forecasts(
    _ forecast: (_ values: VariableValues, _ origin: Int, _ step: Int) -> Double
  ) -> Tensor<Double> {
    let variables = variables
    let numbers = origins.flatMap { origin in
      (origin.step + 1...origin.step + source.window.horizon).flatMap { step in
        variables[origin.series].map { forecast($0, origin.step, step) }
      }
    }
    return Tensor(numbers, shape: [count, source.window.horizon, source.series.valueNames.count])
  }

  /// Values of each variable of each series.
  var variables: [[VariableValues]] {
    source.series.series.map { series in
      (0..<series.values.shape[1]).map { VariableValues(series.values.slice(axis: 1, $0..<$0 + 1).scalars) }
    }
  }
}

/// Values of one variable of one series, NaN where one is missing.
struct VariableValues {
  private let values: [Double]
  /// The last known value up to each step; NaN before the first.
  private let known: [Double]

  init(_ values: [Double]) {
    var (known, last) = ([Double](), Double.nan)
    for value in values {
      if !value.isNaN { last = value }
      known.append(last)
    }
    (self.values, self.known) = (values, known)
  }

  subscript(step: Int) -> Double { values[step] }

  func lastKnown(at step: Int) -> Double { known[step] }

  /// The mean of |y(t) − y(t − season)| over steps of which both are known; nil where there are none, or all are equal.
  func meanChange(over season: Int, within steps: Range<Int>) -> Double? {
    let changes = steps.dropFirst(season).map { abs(values[$0] - values[$0 - season]) }.filter { !$0.isNaN }
    let mean = changes.reduce(0, +) / Double(changes.count)
    return mean > 0 ? mean : nil
  }
}
