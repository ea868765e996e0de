import Autograd

extension StackedRecurrent {
  /// Numbers that the fused passes of all cells of one direction keep of a position of a sequence of tokens for the backward
  /// pass.
  ///
  /// - Parameter hasResets: whether the state is reset within sequences.
  package func numbersPerPosition(hasResets: Bool) -> Int {
    cells.enumerated().reduce(0) { sum, layer in
      let wrapper = layer.element as? any FusedWrapper<Scalar>
      guard let cell = layer.element as? any FusedCell<Scalar> ?? wrapper?.fusedCell else { return sum }
      return sum
        + FusedRecord<Scalar>.numbersPerPosition(
          of: cell, readsVectors: layer.offset > 0, hasResets: hasResets,
          zoneout: wrapper?.zoneout ?? ZoneoutProbabilities())
    }
  }
}
