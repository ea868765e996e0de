import Foundation
import RecurrentLayers
import TensorCore

// Labellings by brute force: every path is listed, so that sums over paths are obviously right.

/// All sequences of `steps` numbers below `classes`.
func allPaths(_ steps: Int, classes: Int) -> [[Int32]] {
  (0..<steps).reduce([[]]) { paths, _ in paths.flatMap { path in (0..<classes).map { path + [Int32($0)] } } }
}

/// Labels that a path reads as: equal neighbours become one, then blanks are left out.
func collapsed(_ path: [Int32], blank: Int32) -> [Int32] {
  path.indices.filter { $0 == 0 || path[$0] != path[$0 - 1] }.map { path[$0] }.filter { $0 != blank }
}

/// The probability of every labelling of one sequence of a batch of log-probabilities, [time, batch, classes].
func labellings(
  of logProbabilities: Tensor<Double>, sequence: Int, steps: Int, blank: Int32
) -> [[Int32]: Double] {
  var result: [[Int32]: Double] = [:]
  for path in allPaths(steps, classes: logProbabilities.shape[2]) {
    let score = path.enumerated().reduce(0) { $0 + logProbabilities[$1.offset, sequence, Int($1.element)] }
    result[collapsed(path, blank: blank), default: 0] += exp(score)
  }
  return result
}

extension Tensor<Double> {
  /// A batch, [time, batch, classes], with NaN after the end of each sequence.
  func paddedWithNaN(_ lengths: SequenceLengths) -> Tensor {
    var result = self
    for (sequence, steps) in lengths.steps.enumerated() {
      for t in steps..<shape[0] { for label in 0..<shape[2] { result[t, sequence, label] = .nan } }
    }
    return result
  }
}
