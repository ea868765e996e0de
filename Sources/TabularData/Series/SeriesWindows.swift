import TensorCore

extension WindowedSeries {
  /// The windows of one part of all series: in each, the first that the part allows, and every `stride` steps another one. A
  /// window without a known target in the part is left out.
  ///
  /// Memory: windows · (lag · inputSize + outputSize) numbers. With targets of each step windows · lag · (inputSize + outputSize)
  /// numbers, and where any step has no known target in the part, an `Int` for each step that has one: up to windows · lag.
  ///
  /// - Throws: `SeriesError.noWindows`.
  public func part(_ part: SeriesPart) throws(SeriesError) -> SeriesWindows<Scalar> {
    var (origins, targets) = ([ForecastOrigin](), [[Scalar]]())
    for (index, steps) in steps(of: part).enumerated() {
      let first = max(window.lag, steps.lowerBound) - 1
      for step in stride(from: first, to: steps.upperBound - window.horizon, by: window.stride) {
        let origin = ForecastOrigin(series: index, step: step)
        let found = targetsOfWindow(origin, within: steps)
        if found.allSatisfy(\.isNaN) { continue }
        origins.append(origin)
        targets.append(found)
      }
    }
    if origins.isEmpty { throw .noWindows(part, lag: window.lag, horizon: window.horizon) }
    let inputs = origins.map(input)
    let all: SequenceTargets<Scalar> =
      switch window.targets {
      case .ofLastStep: .values(Tensor(targets.flatMap { $0 }, shape: [targets.count, outputSize]))
      case .ofEachStep: .stepValues(targets.map { Tensor($0, shape: [window.lag, outputSize]) })
      }
    do throws(DataError) {
      return SeriesWindows(
        source: self, part: part, data: try SequenceData(inputs, targets: all, nan: .missing), origins: origins)
    } catch {
      programmingError("WindowedSeries: \(error)")
    }
  }

  /// Targets of a window, of its last step or of each; NaN where one is missing or not in the part.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  private func targetsOfWindow(_ origin: ForecastOrigin, within steps: Range<Int>) -> [Scalar] {
    let (values, levels) = (targets[origin.series], levels(origin))
    let first = window.targets == .ofEachStep ? origin.step - window.lag + 1 : origin.step
    return (first...origin.step).flatMap { step in
      (step + 1...step + window.horizon).flatMap { target in
        levels.enumerated().map { column, level in
          steps.contains(target) ? values[target * levels.count + column] - level : .nan
        }
      }
    }
  }
}

/// Windows of one part of series.
public struct SeriesWindows<Scalar: TensorScalar>: Sendable {
  let source: WindowedSeries<Scalar>
  public let part: SeriesPart
  /// Inputs, each [lag, inputSize], and targets: [windows, outputSize], or of each step [lag, outputSize]. A target that is
  /// missing or outside of the part is NaN, and counts in no loss and no metric. All are scaled.
  public let data: SequenceData<Scalar>
  let origins: [ForecastOrigin]

  /// The number of windows, at least 1.
  public var count: Int { origins.count }

  /// For each window, the index of its series and the last step that it reads.
  public var ends: [(series: Int, step: Int)] { origins.map { ($0.series, $0.step) } }

  /// Forecasts in the units of the table, [windows, horizon, variables].
  ///
  /// - Parameter outputs: those of a model for the windows: `net.predict(data.inputs)`. Each is [outputSize], or
  ///   [lag, outputSize], of which the last step is the forecast.
  public func forecasts(_ outputs: [Tensor<Scalar>]) -> Tensor<Double> { source.inUnits(outputs, of: origins) }
}
