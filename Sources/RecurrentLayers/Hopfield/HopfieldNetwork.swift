import Autograd
import TensorCore

/// A Hopfield network: binary units that feed back to one another through symmetric weights, used as an associative
/// memory.
///
/// A state is a tensor [units] of 1 and −1. Patterns are stored in the weights as states that the network settles in;
/// from a damaged pattern it settles in the whole one, as long as there are not too many: of random patterns, under the
/// Hebbian rule, about 0.138 for each unit (Amit, Gutfreund and Sompolinsky, "Storing infinite numbers of patterns in a
/// spin-glass model of neural networks", 1985).
///
/// Source: Hopfield, "Neural networks and physical systems with emergent collective computational abilities" (1982).
public struct HopfieldNetwork<Scalar: TensorScalar>: Sendable {
  /// How weights are made of P patterns ξ of N units each. The diagonal becomes zero under either rule.
  public enum LearningRule: Sendable, CaseIterable {
    /// wᵢⱼ = (1/N) Σ ξᵢ ξⱼ over the patterns (Hopfield, 1982).
    case hebbian
    /// W = X·X⁺, with the patterns as the columns of X and X⁺ its pseudo-inverse: the projection onto the span of the
    /// patterns, Σ q·qᵀ over an orthonormal basis q of it. Patterns may be correlated, and recall holds for more of
    /// them.
    ///
    /// A pattern that the ones before it span, to 10⁻⁸ of its length, adds nothing.
    ///
    /// Source: Personnaz, Guyon and Dreyfus, "Information storage and retrieval in spin-glass like neural networks"
    /// (1985).
    case pseudoInverse
  }

  /// [units, units], symmetric, with a zero diagonal.
  public let weights: Tensor<Scalar>
  /// The weights as products read them.
  private let packed: PackedMatrix<Scalar>

  /// A network of the given weights, [units, units].
  ///
  /// - Precondition: they are exactly symmetric, and their diagonal is zero.
  public init(weights: Tensor<Scalar>) {
    if weights.rank != 2 || weights.shape[0] != weights.shape[1] {
      programmingError("HopfieldNetwork: weights of shape \(weights.shape) are not [units, units]")
    }
    for unit in 0..<weights.shape[0] {
      require(
        weights[unit, unit] == 0,
        "HopfieldNetwork: weights\([unit, unit]) is \(weights[unit, unit]); the diagonal must be zero")
    }
    if weights != weights.transposed() { reportAsymmetry(of: weights) }
    self.weights = weights
    packed = PackedMatrix(weights)
  }

  /// A network that stores the given patterns, [patterns, units].
  ///
  /// - Precondition: there are units, and every element is 1 or −1.
  public init(learning patterns: Tensor<Scalar>, rule: LearningRule = .hebbian) {
    require(
      patterns.rank == 2 && patterns.shape[1] > 0,
      "HopfieldNetwork: patterns of shape \(patterns.shape) are not [patterns, units]")
    patterns.requireBipolar("HopfieldNetwork", "patterns")
    let units = patterns.shape[1]
    let products: Tensor<Scalar>
    switch rule {
    case .hebbian:
      products = patterns.matmul(patterns, transposing: true) / Scalar(units)
    case .pseudoInverse:
      let basis = orthonormalBasis(of: patterns)
      let projection = basis.matmul(basis, transposing: true)
      // Two sums of the same products may be rounded differently, and the energy falls only where weights are
      // symmetric.
      products = (projection + projection.transposed()) / 2
    }
    self.init(weights: products * (1 - .identity(units)))
  }

  /// How many units there are.
  public var units: Int { weights.shape[0] }

  /// Local field of each unit, hᵢ = Σ wᵢⱼ sⱼ over j: shape [units].
  ///
  /// - Precondition: the state has the shape [units].
  public func fields(of state: Tensor<Scalar>) -> Tensor<Scalar> {
    if state.shape != [units] {
      shapeFailure("HopfieldNetwork", weights.shape, state.shape, hint: "a state is [units], weights [units, units]")
    }
    return state.matmul(packed)
  }

  /// The energy −½ sᵀWs = −½ Σ sᵢ hᵢ, which asynchronous updates never raise.
  ///
  /// - Precondition: the state has the shape [units].
  public func energy(of state: Tensor<Scalar>) -> Double { Self.energy(of: state, fields: fields(of: state)) }

  static func energy(of state: Tensor<Scalar>, fields: Tensor<Scalar>) -> Double {
    -(state * fields).sum().scalar.double / 2
  }

}

private func reportAsymmetry<Scalar>(of weights: Tensor<Scalar>) -> Never {
  let units = weights.shape[0]
  let pairs = (0..<units).lazy.flatMap { i in (0..<i).lazy.map { j in (i, j) } }
  let (i, j) = pairs.first { weights[$0, $1] != weights[$1, $0] }!
  let (one, other) = ("weights\([i, j]) is \(weights[i, j])", "weights\([j, i]) is \(weights[j, i])")
  programmingError("HopfieldNetwork: \(one) but \(other); they must be equal")
}

/// An orthonormal basis of the span of the rows, as rows [rank, units]. A row that the rows before it span, to 10⁻⁸ of
/// its length, adds nothing.
private func orthonormalBasis<Scalar>(of rows: Tensor<Scalar>) -> Tensor<Scalar> {
  let units = rows.shape[1]
  let exact = Tensor<Double>(rows.scalars.map(\.double), shape: rows.shape)
  var basis = OrthonormalBasis(length: units)
  for index in 0..<rows.shape[0] {
    basis.add(exact.rows(index..<index + 1), tolerance: 1e-8 * Double(units).squareRoot())
  }
  return Tensor(basis.vectors.scalars.map { Scalar($0) }, shape: basis.vectors.shape)
}
