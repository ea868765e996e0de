import TensorCore

/// Scaling of the numbers in windows. Means and deviations are those of the training part.
public enum SeriesScaling: Sendable {
  case none
  /// Each variable to mean 0 and deviation 1 over all series.
  case ofVariables
  /// Each variable of each series by itself, so that large and small series look alike. Covariates are scaled over all series:
  /// what tells series apart stays.
  case ofEachSeries
}

/// Scaling fitted to the training part.
struct FittedScaling: Sendable {
  /// One for each series, of its values.
  let values: [Standardizer<Double>]
  let covariates: Standardizer<Double>
  /// For each series, the scaled numbers of values that stand for one that is missing from the start: the means.
  let valueFills: [[Double]]
  let covariateFill: [Double]

  /// - Parameter training: the steps of the training part of each series.
  init(_ scaling: SeriesScaling, of data: SeriesData, training: [Range<Int>]) throws(SeriesError) {
    func known(_ column: Int, _ tensor: (TimeSeries) -> Tensor<Double>, series: Range<Int>) -> [Double] {
      series.flatMap { index in
        tensor(data.series[index]).rows(training[index]).scalarsOfColumn(column).filter { !$0.isNaN }
      }
    }
    func fit(
      _ names: [String], _ tensor: (TimeSeries) -> Tensor<Double>, series: Range<Int>
    ) throws(SeriesError) -> Standardizer<Double> {
      var (means, deviations) = ([Double](), [Double]())
      for (column, name) in names.enumerated() {
        let numbers = known(column, tensor, series: series)
        guard let fitted = try? Standardizer(fitting: Tensor(numbers, shape: [numbers.count, 1])) else {
          throw .nothingBeforeSplit(column: name, series: series.count == 1 ? data.series[series.lowerBound].name : nil)
        }
        guard fitted.mean.allFinite && fitted.deviation.allFinite else { throw .momentsTooLarge(column: name) }
        means.append(fitted.mean.scalars[0])
        deviations.append(fitted.deviation.scalars[0])
      }
      let shape: TensorShape = [names.count]
      return Standardizer(mean: Tensor(means, shape: shape), deviation: Tensor(deviations, shape: shape))
    }
    let all = data.series.indices
    let covariates = try fit(data.covariateNames, \.covariates, series: all)
    var values: [Standardizer<Double>] = []
    if case .ofEachSeries = scaling {
      for index in all { values.append(try fit(data.valueNames, \.values, series: index..<index + 1)) }
    } else {
      values = Array(repeating: try fit(data.valueNames, \.values, series: all), count: all.count)
    }
    if case .none = scaling {
      (valueFills, covariateFill) = (values.map(\.mean.scalars), covariates.mean.scalars)
      (self.values, self.covariates) = (values.map(\.identity), covariates.identity)
    } else {
      (valueFills, covariateFill) = (
        values.map { [Double](repeating: 0, count: $0.mean.count) },
        [Double](repeating: 0, count: covariates.mean.count)
      )
      (self.values, self.covariates) = (values, covariates)
    }
  }
}

extension Standardizer {
  /// One of the same shape that changes nothing.
  fileprivate var identity: Standardizer { Standardizer(mean: .zeros(mean.shape), deviation: .full(mean.shape, 1)) }
}

extension Tensor {
  /// A column of [rows, columns].
  fileprivate func scalarsOfColumn(_ column: Int) -> [Scalar] {
    let (width, all) = (shape[1], scalars)
    return (0..<shape[0]).map { all[$0 * width + column] }
  }
}
