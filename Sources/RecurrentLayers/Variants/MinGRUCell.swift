import Autograd
import NeuralLayers
import TensorCore

/// The minGRU of "Were RNNs All We Needed?" (Feng et al., 2024): a gated recurrent unit without a reset gate, whose gate and
/// candidate depend on the input alone; in the order z, n:
///
///     z = σ(x·W_izᵀ + b_iz)   n = x·W_inᵀ + b_in
///     h' = (1 − z)·h + z·n
///
/// Here, as in that paper, z is what is new; in `GRUCell` it is what is kept. A sequence is one product and a scan, which is
/// stable without the paper's logarithms: 1 − z lies between 0 and 1.
public struct MinGRUCell<Scalar: TensorScalar>: RecurrentCell, ScanCell {
  public var weights: InputWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: how W_ih is drawn.
  public init(input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform) {
    weights = InputWeights(
      gates: Self.gateCount, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
  }

  /// A cell with weights drawn from a random source; otherwise the same.
  public init(
    input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform,
    using random: inout RandomSource
  ) {
    self.init(input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
    initialize(using: &random)
  }

  static var gateCount: Int { 2 }

  func coefficients(_ gates: Variable<Scalar>) -> (a: Variable<Scalar>, b: Variable<Scalar>) {
    let z = gates.gate(0, of: 2).sigmoid()
    return (1 - z, z * gates.gate(1, of: 2))
  }
}
