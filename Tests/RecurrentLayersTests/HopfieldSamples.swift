import RecurrentLayers
import TensorCore

extension Tensor {
  /// Rows of 1 and −1, each with probability one half.
  static func randomPatterns(_ count: Int, units: Int, using random: inout RandomSource) -> Tensor {
    let bits = (0..<count * units).map { _ in random.next() & 1 == 0 }
    return Tensor.bipolar(bits).reshaped([count, units])
  }

  /// A bipolar vector of which so many elements, drawn at random, have the other sign.
  func flipping(_ flips: Int, using random: inout RandomSource) -> Tensor {
    var scalars = scalars
    for index in scalars.indices.shuffled(using: &random).prefix(flips) { scalars[index].negate() }
    return Tensor(scalars, shape: shape)
  }
}

extension HopfieldNetwork {
  /// A network of symmetric weights drawn from a normal distribution, which has no pattern in mind.
  static func random(units: Int, using random: inout RandomSource) -> HopfieldNetwork {
    let drawn = Tensor<Scalar>.normal([units, units], using: &random)
    return HopfieldNetwork(weights: (drawn + drawn.transposed()) * (1 - .identity(units)))
  }
}
