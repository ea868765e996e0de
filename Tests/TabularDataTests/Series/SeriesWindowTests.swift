import TabularData
import TensorCore
import Testing

/// A shape of windows and what goes with it, from a sweep.
struct WindowCase: Sendable, CustomTestStringConvertible {
  let window: ForecastWindow
  let scaling: SeriesScaling
  let indicators: Bool

  var testDescription: String { "\(window), \(scaling), indicators: \(indicators)" }

  static let all: [WindowCase] = [1, 2, 5].flatMap { lag in
    [1, 2, 3].flatMap { horizon in
      [1, 2, 5].flatMap { stride in
        [ForecastWindow.Targets.ofLastStep, .ofEachStep].flatMap { targets in
          [0, horizon].map { lead in
            let number = lag + horizon + stride + lead
            return WindowCase(
              window: ForecastWindow(
                lag: lag, horizon: horizon, stride: stride, targets: targets, covariateLead: lead,
                isRelative: number / 2 % 2 == 0),
              scaling: [.none, .ofVariables, .ofEachSeries][number % 3], indicators: number % 2 == 0)
          }
        }
      }
    }
  }
}

/// Windows against a slow version that looks every number up in the table.
@Suite struct SeriesWindowTests {
  /// Two values and a covariate of two series, with gaps, missing values, and rows that know only the covariate at the end.
  private struct Rows {
    var cells: [String: [Int: [Double]]] = [:]  // By series and time.
    var text = "time,site,u,v,c\n"
    static let lengths = ["a": 40, "b": 23]

    init() {
      var random = RandomSource(seed: 3)
      for time in 0..<40 {
        for (site, length) in Self.lengths.sorted(by: { $0.key < $1.key }) where time < length {
          if time > 1, random.uniform() < 0.12 { continue }
          var numbers = (0..<3).map { _ in random.uniform() < 0.15 ? Double.nan : 10 * random.uniform() }
          if time >= length - 3 { (numbers[0], numbers[1]) = (.nan, .nan) }
          if time == length - 4 { numbers[0] = 1 }
          cells[site, default: [:]][time] = numbers
          text += "\(time),\(site)," + numbers.map { $0.isNaN ? "" : "\($0)" }.joined(separator: ",") + "\n"
        }
      }
    }

    func number(_ site: String, _ time: Int, _ column: Int) -> Double { cells[site]?[time]?[column] ?? .nan }
  }

  /// Mean and deviation of known numbers.
  private func moments(_ numbers: [Double]) -> (mean: Double, deviation: Double) {
    let known = numbers.filter { !$0.isNaN }
    let mean = known.reduce(0, +) / Double(known.count)
    return (mean, (known.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(known.count)).squareRoot())
  }

  @Test(arguments: WindowCase.all) func windowsAreThoseOfASlowVersion(example: WindowCase) throws {
    let (rows, window) = (Rows(), example.window)
    let series = try SeriesData(
      CSVTable(text: rows.text), time: "time", values: ["u", "v"], series: "site", covariates: ["c"], gaps: .missing)
    let windowed = try WindowedSeries<Double>(
      series, window: window, split: .fractions(validation: 0.25, test: 0.3), scaling: example.scaling,
      indicators: example.indicators)
    #expect(windowed.inputSize == (example.indicators ? 6 : 3) && windowed.outputSize == 2 * window.horizon)

    let sites = ["a", "b"]
    let known = sites.map { Rows.lengths[$0]! - 3 }
    let test = known.map { $0 - Int((Double($0) * 0.3).rounded()) }
    let validation = zip(known, test).map { $1 - Int((Double($0) * 0.25).rounded()) }
    func trained(_ index: Int, _ column: Int) -> [Double] {
      (0..<validation[index]).map { rows.number(sites[index], $0, column) }
    }
    func moments(_ index: Int, _ column: Int) -> (mean: Double, deviation: Double) {
      if case .ofEachSeries = example.scaling, column < 2 { return self.moments(trained(index, column)) }
      return self.moments(trained(0, column) + trained(1, column))
    }
    func scaled(_ number: Double, _ index: Int, _ column: Int) -> Double {
      if case .none = example.scaling { return number }
      let (mean, deviation) = moments(index, column)
      return (number - mean) / deviation
    }

    func filled(_ index: Int, _ time: Int, _ column: Int) -> Double {
      let known = (0...time).map { rows.number(sites[index], $0, column) }.filter { !$0.isNaN }
      return known.last ?? moments(index, column).mean
    }

    for part in SeriesPart.allCases {
      var (inputs, targets, ends) = ([[Double]](), [[Double]](), [[Int]]())
      for index in 0..<2 {
        let range =
          [
            .training: 0..<validation[index], .validation: validation[index]..<test[index],
            .test: test[index]..<known[index],
          ][part]!
        let possible = (0..<40).filter { end in
          end - window.lag + 1 >= 0 && (1...window.horizon).allSatisfy { range.contains(end + $0) }
        }
        for end in possible where (end - possible[0]) % window.stride == 0 {
          var (input, target) = ([Double](), [Double]())
          let first = (0..<2).map { scaled(filled(index, end - window.lag + 1, $0), index, $0) }
          for step in end - window.lag + 1...end {
            var indicators: [Double] = []
            for column in 0..<3 {
              let time = step + (column == 2 ? window.covariateLead : 0)
              let last = (0...time).last { !rows.number(sites[index], $0, column).isNaN }
              let number = filled(index, time, column)
              let level = window.isRelative && column < 2 ? first[column] : 0
              input.append(scaled(number, index, column) - level)
              indicators.append(last == time ? 0 : 1)
            }
            if example.indicators { input += indicators }
            if window.targets == .ofLastStep && step < end { continue }
            for ahead in 1...window.horizon {
              for column in 0..<2 {
                let number = range.contains(step + ahead) ? rows.number(sites[index], step + ahead, column) : .nan
                target.append(scaled(number, index, column) - (window.isRelative ? first[column] : 0))
              }
            }
          }
          if target.allSatisfy(\.isNaN) { continue }
          inputs.append(input)
          targets.append(target)
          ends.append([index, end])
        }
      }
      if inputs.isEmpty {
        #expect(throws: SeriesError.self) { try windowed.part(part) }
        continue
      }
      let found = try windowed.part(part)
      #expect(found.ends.map { [$0.series, $0.step] } == ends)
      guard case .vectors(let vectors) = found.data.inputs else { continue }
      #expect(vectors.allSatisfy { $0.shape == [window.lag, windowed.inputSize] })
      expectSame(vectors.map(\.scalars), inputs)
      switch found.data.sequenceTargets {
      case .values(let values):
        #expect(window.targets == .ofLastStep && values.shape == [inputs.count, windowed.outputSize])
        expectSame([values.scalars], [targets.flatMap { $0 }])
      case .stepValues(let values):
        #expect(window.targets == .ofEachStep)
        #expect(values.allSatisfy { $0.shape == [window.lag, windowed.outputSize] })
        expectSame(values.map(\.scalars), targets)
      default: Issue.record("targets are classes")
      }
    }
  }

  private func expectSame(
    _ found: [[Double]], _ expected: [[Double]], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (found, expected) = (found.flatMap { $0 }, expected.flatMap { $0 })
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    let wrong = zip(found, expected).filter { $0.isNaN != $1.isNaN || abs($0 - $1) > 1e-12 }
    #expect(wrong.isEmpty, sourceLocation: sourceLocation)
  }

  @Test func datesSplitWhereTheySay() throws {
    let days = (1...30).map { "2024-04-\($0 < 10 ? "0" : "")\($0),\($0)\n" }.joined()
    let series = try SeriesData(CSVTable(text: "t,v\n" + days), time: "t", values: ["v"])
    let window = ForecastWindow(lag: 3, horizon: 2)
    func steps(_ split: SeriesSplit) throws -> [Range<Int>] {
      let windowed = try WindowedSeries<Float>(series, window: window, split: split)
      return SeriesPart.allCases.map { windowed.steps(of: $0)[0] }
    }
    #expect(try steps(.times(validation: "2024-04-11", test: "2024-04-20T12:00")) == [0..<10, 10..<20, 20..<30])
    #expect(try steps(.times(validation: nil, test: "2024-04-21")) == [0..<20, 20..<20, 20..<30])
    #expect(try steps(.times(validation: "2024-04-21", test: nil)) == [0..<20, 20..<30, 30..<30])
    #expect(try steps(.times(validation: nil, test: nil)) == [0..<30, 30..<30, 30..<30])
    #expect(try steps(.fractions(validation: 0.1, test: 0.2)) == [0..<21, 21..<24, 24..<30])
  }

  /// Scaled targets, back in the units of the table, are its values but for rounding.
  @Test(
    arguments: [SeriesScaling.none, .ofVariables, .ofEachSeries], [false, true])
  func forecastsComeBackInTheUnitsOfTheTable(scaling: SeriesScaling, isRelative: Bool) throws {
    var random = RandomSource(seed: 8)
    var text = "t,s,small,large\n"
    for time in 0..<30 {
      text += "\(time),a,\(random.normal()),\(1e6 + 1e3 * random.normal())\n"
      text += "\(time),b,\(50 + random.normal()),\(-1e3 * random.normal())\n"
    }
    let series = try SeriesData(CSVTable(text: text), time: "t", values: ["small", "large"], series: "s")
    let windowed = try WindowedSeries<Double>(
      series, window: ForecastWindow(lag: 4, horizon: 3, targets: .ofEachStep, isRelative: isRelative),
      split: .fractions(validation: 0, test: 0.3), scaling: scaling)
    for part in [SeriesPart.training, .test] {
      let windows = try windowed.part(part)
      guard case .stepValues(let outputs) = windows.data.sequenceTargets else { continue }
      let forecasts = windows.forecasts(outputs)
      #expect(forecasts.shape == [windows.count, 3, 2])
      for (window, end) in windows.ends.enumerated() {
        for ahead in 0..<3 {
          for column in 0..<2 {
            let value = series.series[end.series].values[end.step + 1 + ahead, column]
            #expect(abs(forecasts[window, ahead, column] - value) < 1e-9, "\(part), window \(window)")
          }
        }
      }
    }
  }

  @Test func aForecastFollowsTheLastKnownValueOfEachSeries() throws {
    let table = try CSVTable(
      text: "m,s,v,c\n2024-10-31,a,1,5\n2024-11-30,a,2,6\n2024-12-31,a,4,7\n2025-01-31,a,,8\n2024-11-30,b,3,1\n")
    let series = try SeriesData(table, time: "m", values: ["v"], series: "s", covariates: ["c"])
    let windowed = try WindowedSeries<Double>(
      series, window: ForecastWindow(lag: 2, horizon: 2, covariateLead: 2), split: .times(validation: nil, test: nil),
      scaling: .none)
    let forecasts = try windowed.forecast { inputs in
      guard case .vectors(let vectors) = inputs else { return [] }
      // The covariate of January, and then of no row that is known.
      #expect(vectors == [Tensor([2, 8, 4, 8], shape: [2, 2])])
      return [Tensor([7, 8], shape: [2])]
    }
    #expect(forecasts.map(\.series) == ["a"])
    #expect(forecasts[0].timeTexts == ["2025-01-31", "2025-02-28"])
    #expect(forecasts[0].values == Tensor([7, 8], shape: [2, 1]))
  }

  /// Every start of a series on one of the last days: what is forecast from it is read after it.
  @Test(arguments: ["2024-01-29", "2024-01-30", "2024-01-31", "2023-01-30", "2023-11-30"])
  func timesOfAMonthlyForecastAreReadAsTheNextSteps(start: String) throws {
    func series(_ dates: [String]) throws -> SeriesData {
      let table = try CSVTable(text: "t,v\n" + dates.map { $0 + ",1\n" }.joined())
      return try SeriesData(table, time: "t", values: ["v"], step: .months(1))
    }
    let windowed = try WindowedSeries<Float>(
      series([start]), window: ForecastWindow(lag: 1, horizon: 14), split: .times(validation: nil, test: nil),
      scaling: .none)
    let forecast = try windowed.forecast { _ in [.zeros([14])] }[0]
    #expect(try series([start] + forecast.timeTexts).series[0].times.count == 15)
  }

  @Test func aForecastFromAClampedDayGoesBackToTheDayOfTheSeries() throws {
    let table = try CSVTable(text: "t,v\n2023-12-30,1\n2024-01-30,1\n2024-02-29,1\n")
    let windowed = try WindowedSeries<Float>(
      SeriesData(table, time: "t", values: ["v"]), window: ForecastWindow(lag: 1, horizon: 2),
      split: .times(validation: nil, test: nil), scaling: .none)
    #expect(try windowed.forecast { _ in [.zeros([2])] }[0].timeTexts == ["2024-03-30", "2024-04-30"])
  }

  /// Steps of ten thousand years lead out of every calendar.
  @Test func aForecastBeyondTheCalendarHasATime() throws {
    let table = try CSVTable(text: "t,v\n1601-01-01,1\n9999-01-01,2\n")
    let series = try SeriesData(table, time: "t", values: ["v"])
    #expect(series.step == .months(100_776))
    let windowed = try WindowedSeries<Float>(
      series, window: ForecastWindow(lag: 1, horizon: 100), split: .times(validation: nil, test: nil))
    let forecast = try windowed.forecast { _ in [.zeros([100])] }[0]
    #expect(forecast.timeTexts.count == 100 && forecast.timeTexts[0] == "18397-01-01")
  }
}
