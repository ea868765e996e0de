import TensorCheckpoints

/// The number that digits say; nil for other text, and for more layers than any model has.
func layerNumber(_ digits: some StringProtocol) -> Int? {
  guard !digits.isEmpty, digits.utf8.count <= 9, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
  return Int(digits)
}

extension StringProtocol {
  /// Path of a module before the last separator, empty where there is none, and the name of an array after it.
  func splittingLast(at separator: Character) -> (module: String, array: String) {
    guard let index = lastIndex(of: separator) else { return ("", String(self)) }
    return (String(self[..<index]), String(self[self.index(after: index)...]))
  }
}

extension StoredTensor {
  /// A vector with zeros before it.
  func behindZeros(_ count: Int) -> StoredTensor { .joined([.zeros([count], dtype), self]) }
}

extension RecurrentWeights.Layer {
  /// The directions as packages keep them, with biases in all or in none: zeros where only the other direction has one.
  var equallyBiasedDirections: [RecurrentWeights.Direction] {
    guard directions.contains(where: { $0.bothBiases != nil }) else { return directions }
    return directions.map { direction in
      var direction = direction
      if direction.bothBiases == nil {
        direction.inputBias = .zeros([direction.inputWeight.shape[0]], direction.inputWeight.dtype)
      }
      return direction
    }
  }
}

extension RecurrentWeights.Direction {
  /// Both biases, zeros for one that is missing; nil where there is none.
  var bothBiases: (input: StoredTensor, recurrent: StoredTensor)? {
    guard let one = inputBias ?? recurrentBias else { return nil }
    let zeros = StoredTensor.zeros(one.shape, one.dtype)
    return (inputBias ?? zeros, recurrentBias ?? zeros)
  }

  /// Sum of both biases; nil where there is none.
  var biasSum: StoredTensor? {
    guard let inputBias, let recurrentBias else { return inputBias ?? recurrentBias }
    return .sum(inputBias, recurrentBias)
  }

  /// For a GRU whose reset gate acts on the product: the bias outside of it, [3·H], with the sums for r and z and b_in, and
  /// the one inside, b_hn, [H].
  var gruBiases: (outer: StoredTensor, inner: StoredTensor)? {
    guard let (input, recurrent) = bothBiases else { return nil }
    let hidden = input.shape[0] / 3
    let gates = StoredTensor.sum(input.rows(0..<2 * hidden), recurrent.rows(0..<2 * hidden))
    return (
      .joined([gates, input.rows(2 * hidden..<3 * hidden)]), recurrent.rows(2 * hidden..<3 * hidden)
    )
  }

  /// Throws where there is a projection, which PyTorch alone has.
  func requireNoProjection(_ convention: WeightConvention) throws(ExchangeError) {
    if projection != nil { throw .noCounterpart("a projection", convention) }
  }
}
