import LanguageModels
import TensorCore

/// A measurement over the steps, thinned to what a screen can show.
package struct Curve: Sendable, Equatable {
  /// A point, or the mean and the extremes of several.
  package struct Point: Sendable, Equatable {
    package let step: Int
    package let mean, lowest, highest: Double
  }

  package let points: [Point]
  /// Whether a point stands for several measurements.
  package let isThinned: Bool

  /// More points than this are drawn as bins.
  package static let mostPoints = 500

  package init(_ measurements: [(step: Int, value: Double)], atMost limit: Int = mostPoints) {
    let size = max(1, (measurements.count + limit - 1) / limit)
    isThinned = size > 1
    points = stride(from: 0, to: measurements.count, by: size).map { start in
      let bin = measurements[start..<min(start + size, measurements.count)]
      let values = bin.map(\.value)
      // The last step of a bin, so that the curve ends where the run does.
      return Point(
        step: bin.last!.step, mean: values.reduce(0, +) / Double(values.count), lowest: values.min()!,
        highest: values.max()!)
    }
  }

  /// Values of the lines that have one. Of several lines of a step the last one counts.
  package init(_ lines: [RunMetrics.Line], _ value: (RunMetrics.Line) -> Double?) {
    var measurements: [(step: Int, value: Double)] = []
    for line in lines {
      guard let value = value(line) else { continue }
      if measurements.last?.step == line.step { measurements.removeLast() }
      measurements.append((line.step, value))
    }
    self.init(measurements)
  }

  /// Each point as `[step, value]`, or `[step, mean, lowest, highest]`.
  package var json: JSONText {
    .array(
      points.map { point in
        .array(
          [.integer(point.step), .number(point.mean)]
            + (isThinned ? [.number(point.lowest), .number(point.highest)] : []))
      })
  }
}
