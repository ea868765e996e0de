import TensorCore

/// Series that are split by time, scaled, and cut into windows: the data of a forecasting model.
///
///     let windows = try WindowedSeries<Float>(
///       sales, window: ForecastWindow(lag: 28, horizon: 7), split: .fractions(validation: 0.1, test: 0.2))
///     try net.fit(windows.part(.training).data, epochs: 20, loss: .meanSquaredError)
///     let test = try windows.part(.test)
///     print(test.report(["net": test.forecasts(try net.predict(test.data.inputs))], season: 7))
///
/// An input has `inputSize` numbers: the values, the covariates, and with `indicators` a 1 or 0 for each of these, where 1 marks
/// a missing one. In the place of a missing input stands the last known number of its series, before any is known the mean. A
/// model gives `outputSize` numbers: [horizon × variables].
///
/// A forecast lies in one part: targets of training are before the split, and a window whose forecast crosses it is left out.
/// Windows of validation and test read steps before the split, as a forecaster does; targets before it are masked. Nothing at
/// or after the first split changes a training window: means and deviations are those of the training part, missing inputs are
/// filled from the past, and covariates lead by the horizon at most.
public struct WindowedSeries<Scalar: TensorScalar>: Sendable {
  public let series: SeriesData
  public let window: ForecastWindow
  /// Numbers of an input: for `Recurrent(GRUCell(input: inputSize, …))`.
  public let inputSize: Int
  let scaling: FittedScaling
  /// The steps of each part of each series.
  let parts: [[SeriesPart: Range<Int>]]
  /// Inputs of the known steps of each series, row by row.
  let inputs: [[Scalar]]
  /// Scaled values of the known steps of each series, row by row; NaN where one is missing.
  let targets: [[Scalar]]

  /// Splits, scales and fills series.
  ///
  /// - Parameter indicators: whether inputs tell which of their numbers are missing.
  /// - Throws: `SeriesError` for a split that is none, a column without a known number in the training part (of each series,
  ///   where these are scaled by themselves), or a scaled number that is too large for the scalar type.
  public init(
    _ series: SeriesData, window: ForecastWindow, split: SeriesSplit, scaling: SeriesScaling = .ofVariables,
    indicators: Bool = false
  ) throws(SeriesError) {
    (self.series, self.window) = (series, window)
    parts = try split.steps(of: series)
    self.scaling = try FittedScaling(scaling, of: series, training: parts.map { $0[.training]! })
    inputSize = (series.valueNames.count + series.covariateNames.count) * (indicators ? 2 : 1)
    var (inputs, targets) = ([[Scalar]](), [[Scalar]]())
    for (index, one) in series.series.enumerated() {
      let values = ScaledColumns<Scalar>(one.values, by: self.scaling.values[index])
      let covariates = ScaledColumns<Scalar>(one.covariates, by: self.scaling.covariates)
      for (columns, names) in [(values, series.valueNames), (covariates, series.covariateNames)] {
        if let (step, column) = columns.firstTooLarge {
          throw .tooLarge(
            column: names[column], time: series.clock.text(one.times[step]), type: "\(Scalar.self)")
        }
      }
      let known = one.knownSteps
      let columns =
        values.filled(steps: known, from: self.scaling.valueFills[index])
        + covariates.filled(steps: known, lead: window.covariateLead, from: self.scaling.covariateFill)
      inputs.append(
        (0..<known).flatMap { step in
          columns.map { $0.numbers[step] } + (indicators ? columns.map { $0.isMissing[step] ? 1 : 0 } : [])
        })
      targets.append(Array(values.scalars.prefix(known * values.width)))
    }
    (self.inputs, self.targets) = (inputs, targets)
  }

  /// Numbers that a model gives for a window, or for each step of one: [horizon × variables].
  public var outputSize: Int { window.horizon * series.valueNames.count }

  /// The steps of a part in each series, in the order of the series.
  public func steps(of part: SeriesPart) -> [Range<Int>] { parts.map { $0[part]! } }

  /// Forecasts of the steps after the last known value of each series. Series with fewer known steps than the lag are left out.
  ///
  /// - Parameter predict: a model, for instance `{ try net.predict($0) }`.
  /// - Throws: `SeriesError.noSeriesToForecast`, and any error of the model.
  public func forecast(
    by predict: (RaggedSequences<Scalar>) throws -> [Tensor<Scalar>]
  ) throws -> [SeriesForecast] {
    let origins = series.series.enumerated().compactMap { index, one in
      one.knownSteps < window.lag ? nil : ForecastOrigin(series: index, step: one.knownSteps - 1)
    }
    if origins.isEmpty { throw SeriesError.noSeriesToForecast(lag: window.lag) }
    let outputs = try predict(.vectors(origins.map(input)))
    let values = inUnits(outputs, of: origins)
    return origins.enumerated().map { row, origin in
      let one = series.series[origin.series]
      let times = (1...window.horizon).map { ahead in
        series.step.advance(one.times[origin.step], by: ahead, monthDay: one.monthDay)
      }
      let texts = series.clock.texts(times, beside: one.times[origin.step])
      return SeriesForecast(series: one.name, timeTexts: texts, values: values.row(row))
    }
  }

  // Specialized, because generic arithmetic costs five times as much.
  /// The input of a window, [lag, inputSize].
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  func input(_ origin: ForecastOrigin) -> Tensor<Scalar> {
    let end = (origin.step + 1) * inputSize
    var numbers = Array(inputs[origin.series][end - window.lag * inputSize..<end])
    for (column, level) in levels(origin).enumerated() {
      for step in 0..<window.lag { numbers[step * inputSize + column] -= level }
    }
    return Tensor(numbers, shape: [window.lag, inputSize])
  }

  /// The scaled number of each variable that those of a window are relative to: the first one that it reads, or 0.
  func levels(_ origin: ForecastOrigin) -> [Scalar] {
    let variables = series.valueNames.count
    if !window.isRelative { return Array(repeating: 0, count: variables) }
    return Array(inputs[origin.series].dropFirst((origin.step + 1 - window.lag) * inputSize).prefix(variables))
  }

  /// Forecasts in the units of the table, [windows, horizon, variables], of a model's outputs for windows.
  func inUnits(_ outputs: [Tensor<Scalar>], of origins: [ForecastOrigin]) -> Tensor<Double> {
    require(outputs.count == origins.count, "forecasts: \(outputs.count) outputs for \(origins.count) windows")
    let variables = series.valueNames.count
    let forecasts = zip(outputs, origins).map { output, origin in
      let last = output.rank == 2 ? output.row(output.shape[0] - 1) : output
      if last.shape != [outputSize] { shapeFailure("forecasts", output.shape, [outputSize]) }
      let levels = Tensor<Double>(levels(origin).map(\.double), shape: [variables])
      let scaled = Tensor<Double>(last.scalars.map(\.double), shape: [window.horizon, variables])
      return scaling.values[origin.series].inverse(scaled + levels)
    }
    return .stack(forecasts)
  }
}

/// Last step that a window reads.
struct ForecastOrigin: Sendable {
  let series: Int
  let step: Int
}

/// Forecast of the steps after the last known value of a series, in the units of the table.
public struct SeriesForecast: Sendable {
  /// The name of the series; nil where the table is one series.
  public let series: String?
  /// The time of each step: a number, or a date in UTC as ISO 8601 has it, `2024-01-31T06:00:00Z`. Midnights of a series of whole days
  /// are `2024-01-31`.
  public let timeTexts: [String]
  /// [horizon, variables].
  public let values: Tensor<Double>
}
