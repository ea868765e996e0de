import Foundation
import SequenceModeling

extension Initializer {
  /// For weights that read one-hot vectors of this width: of each sum over inputs a single term is not 0.
  static func oneHot(_ width: Int) -> Initializer { .scaled(by: Double(width).squareRoot(), .lecunUniform) }
}

// Before anything is learned a gate whose bias is 0 keeps half of what a cell holds from step to step, so that no gradient comes
// back over a long delay. A bias that keeps more makes such delays learnable sooner (Jozefowicz et al., 2015).

extension LSTMCell<Float> {
  /// The same cell with forget gates that at first keep this share of c from step to step.
  func keeping(_ share: Double) -> LSTMCell {
    var cell = self
    cell.weights.inputBias = Parameter(
      [4 * hiddenSize], .stacked([.zeros, .constant(bias(keeping: share)), .zeros, .zeros]))
    return cell
  }
}

extension GRUCell<Float> {
  /// The same cell with update gates that at first keep this share of h from step to step.
  func keeping(_ share: Double) -> GRUCell {
    var cell = self
    cell.weights.inputBias = Parameter(
      [3 * hiddenSize], .stacked([.zeros, .constant(bias(keeping: share)), .zeros]))
    return cell
  }
}

/// The number whose σ is this share.
private func bias(keeping share: Double) -> Double { log(share / (1 - share)) }
