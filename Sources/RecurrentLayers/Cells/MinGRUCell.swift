import Autograd
import NeuralLayers
import TensorCore

/// The minGRU of "Were RNNs All We Needed?" (Feng et al., 2024): a gated recurrent unit without a reset gate, whose
/// gate and candidate depend on the input alone; in the order z, n:
///
///     z = σ(x·W_izᵀ + b_iz)   n = x·W_inᵀ + b_in
///     h' = (1 − z)·h + z·n
///
/// As in the paper, z is the share of the new value; in `GRUCell` it is the share of the old one. A sequence is one
/// product and a scan, which is stable without the paper's logarithms: 1 − z lies between 0 and 1.
public struct MinGRUCell<Scalar: TensorScalar>: RecurrentCell, ScanCell {
  public var weights: InputWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: initializer of W_ih.
  public init(input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform) {
    weights = InputWeights(
      gates: Self.gateCount, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
  }

  static var gateCount: Int { 2 }

  func coefficients(_ gates: Variable<Scalar>) -> (a: Variable<Scalar>, b: Variable<Scalar>) {
    let z = gates.gate(0, of: 2).sigmoid()
    return (1 - z, z * gates.gate(1, of: 2))
  }
}
