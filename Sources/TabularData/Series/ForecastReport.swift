import Foundation
import TensorCore

/// Errors of a forecast of one variable, in the units of the table.
public struct ForecastScore: Sendable, Equatable {
  /// The name of the forecast: that of a model, `seasonal naive` or `naive`.
  public let forecast: String
  /// The column that is forecast.
  public let variable: String
  /// Targets that are counted: known values of all windows and all steps of the horizon, of which the naive forecast knows an
  /// earlier one.
  public let targets: Int
  /// MAE.
  public let meanAbsoluteError: Double
  /// RMSE.
  public let rootMeanSquaredError: Double
  /// MASE: the mean absolute error in units of that of the naive forecast by one step over the training part of the same
  /// series, with a season the seasonal naive one by one season. Below 1 is better than that. Nil where a scored series does
  /// not change in its training part.
  ///
  /// Source: Hyndman and Koehler, "Another look at measures of forecast accuracy" (2006).
  public let meanAbsoluteScaledError: Double?
}

/// Scores of several forecasts of the same targets. Its description is a table.
public struct ForecastReport: Sendable, Equatable, CustomStringConvertible {
  /// For each forecast one score for each variable: the given forecasts first, then `seasonal naive` where there is a season,
  /// then `naive`.
  public let scores: [ForecastScore]

  /// The score of a forecast of a variable, the first of them by default.
  public subscript(forecast: String, variable: String? = nil) -> ForecastScore? {
    scores.first { $0.forecast == forecast && (variable ?? $0.variable) == $0.variable }
  }

  public var description: String {
    var variables: [String] = []
    for score in scores where !variables.contains(score.variable) { variables.append(score.variable) }
    var rows = [["forecast", "variable", "MAE", "RMSE", "MASE", "targets"]]
    for variable in variables {
      let found = scores.filter { $0.variable == variable }
      let columns = [
        texts(found.map(\.meanAbsoluteError)), texts(found.map(\.rootMeanSquaredError)),
        texts(found.map(\.meanAbsoluteScaledError)),
      ]
      for (index, score) in found.enumerated() {
        rows.append([score.forecast, quoted(variable)] + columns.map { $0[index] } + ["\(score.targets)"])
      }
    }
    if variables.count == 1 { for index in rows.indices { rows[index].remove(at: 1) } }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    return rows.map { row in
      row.enumerated().map { column, text in
        let spaces = String(repeating: " ", count: widths[column] - text.count)
        return column + 4 < row.count ? text + spaces : spaces + text
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  /// Numbers with the decimals that show four digits of the largest.
  private func texts(_ numbers: [Double?]) -> [String] {
    let largest = numbers.compactMap { $0 }.filter(\.isFinite).max() ?? 0
    let decimals = largest > 0 ? min(max(3 - Int(log10(largest).rounded(.down)), 0), 9) : 0
    return numbers.map { number in number.map { String(format: "%.\(decimals)f", $0) } ?? "-" }
  }
}

extension SeriesWindows {
  /// Scores of forecasts beside the naive and the seasonal naive one, on the same targets.
  ///
  /// - Parameters:
  ///   - forecasts: each [windows, horizon, variables] in the units of the table, as `forecasts(_:)` gives them.
  ///   - season: steps of a season; nil for series without one.
  public func report(_ forecasts: KeyValuePairs<String, Tensor<Double>>, season: Int? = nil) -> ForecastReport {
    let naive = naiveForecasts()
    var all = forecasts.map { (name: $0.key, values: $0.value) }
    if let season { all.append(("seasonal naive", seasonalNaiveForecasts(season: season))) }
    all.append(("naive", naive))
    let (variables, names) = (variables, source.series.valueNames)
    let scales = zip(variables, source.steps(of: .training)).map { series, steps in
      series.map { $0.meanChange(over: season ?? 1, within: steps) }
    }
    let scores = all.flatMap { name, values in
      if values.shape != naive.shape { shapeFailure("report of \(name)", values.shape, naive.shape) }
      var errors = Array(repeating: ForecastErrors(), count: names.count)
      let (values, known) = (values.scalars, naive.scalars)
      for (window, origin) in origins.enumerated() {
        for ahead in 0..<source.window.horizon {
          for column in names.indices {
            let index = (window * source.window.horizon + ahead) * names.count + column
            let target = variables[origin.series][column][origin.step + 1 + ahead]
            if target.isNaN || known[index].isNaN { continue }
            errors[column].add(values[index] - target, scale: scales[origin.series][column])
          }
        }
      }
      return zip(names, errors).map { $1.score(name, of: $0) }
    }
    return ForecastReport(scores: scores)
  }
}

/// Sums of errors.
private struct ForecastErrors {
  private var (count, absolute, squared, scaled) = (0, 0.0, 0.0, Double?.some(0))

  mutating func add(_ error: Double, scale: Double?) {
    count += 1
    absolute += abs(error)
    squared += error * error
    scaled = if let scaled, let scale { scaled + abs(error) / scale } else { nil }
  }

  func score(_ forecast: String, of variable: String) -> ForecastScore {
    let total = Double(count)
    return ForecastScore(
      forecast: forecast, variable: variable, targets: count, meanAbsoluteError: absolute / total,
      rootMeanSquaredError: (squared / total).squareRoot(), meanAbsoluteScaledError: scaled.map { $0 / total })
  }
}
