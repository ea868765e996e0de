import Foundation
import SequenceModeling

extension Initializer {
  /// Initializer for weights that multiply one-hot vectors of a given width. A sum over inputs has a single term, so the
  /// variance is 1 instead of 1/width.
  static func oneHot(_ width: Int) -> Initializer { .scaled(by: Double(width).squareRoot(), .lecunUniform) }
}

// A gate with bias 0 initially keeps half of the state at each step, so that the gradient vanishes over a long delay. A larger
// bias keeps more, and such delays are learned sooner (Jozefowicz et al., 2015).

extension GRUCell<Float> {
  /// A copy whose update gates initially keep this fraction of h at each step.
  func keeping(_ share: Double) -> GRUCell {
    var cell = self
    cell.weights.inputBias = Parameter(
      [3 * hiddenSize], .stacked([.zeros, .constant(bias(keeping: share)), .zeros]))
    return cell
  }
}

/// Bias of a gate that initially keeps this fraction of the state at each step: its logit.
func bias(keeping share: Double) -> Double { log(share / (1 - share)) }
