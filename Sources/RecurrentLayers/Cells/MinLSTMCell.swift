import Autograd
import NeuralLayers
import TensorCore

/// The minLSTM of "Were RNNs All We Needed?" (Feng et al., 2024): long short-term memory without an output gate and
/// with no cell state beside the output, whose gates and candidate depend on the input alone; in the order i, f, g:
///
///     i, f = σ(x·W_ihᵀ + b_ih)   g = x·W_igᵀ + b_ig
///     h' = f/(i + f)·h + i/(i + f)·g
///
/// The quotient is computed as f/(i + f) = σ(ln f − ln i), which holds where both gates are next to 0. A sequence is
/// one product and a scan. The forget gate's b_ih starts at 1.
public struct MinLSTMCell<Scalar: TensorScalar>: RecurrentCell, ScanCell {
  public var weights: InputWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - forgetBias: initial b_ih of the forget gate.
  ///   - inputWeight: initializer of W_ih.
  public init(
    input: Int, hidden: Int, bias: Bool = true, forgetBias: Double = 1, inputWeight: Initializer = .lecunUniform
  ) {
    weights = InputWeights(
      gates: Self.gateCount, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight,
      inputBias: .stacked([.zeros, .constant(forgetBias), .zeros]))
  }

  static var gateCount: Int { 3 }

  func coefficients(_ gates: Variable<Scalar>) -> (a: Variable<Scalar>, b: Variable<Scalar>) {
    // ln σ(x) = −softplus(−x).
    let kept = ((-gates.gate(0, of: 3)).softplus() - (-gates.gate(1, of: 3)).softplus()).sigmoid()
    return (kept, (1 - kept) * gates.gate(2, of: 3))
  }
}
