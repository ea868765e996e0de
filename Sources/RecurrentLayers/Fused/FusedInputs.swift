/// Parameters of a fused cell, or one value for each of them: a variable, a gradient.
struct FusedParameters<Element> {
  /// W_ih, [G·H, input].
  var inputWeight: Element
  /// W_hh, whose rows the products of the layout name; nil in cells without a recurrent product.
  var recurrentWeight: Element?
  /// b_ih, [G·H].
  var inputBias: Element?
  /// b_hh, [G·H].
  var recurrentBias: Element?
  /// W_hr, [output, units], in cells whose h is a projection of their units.
  var projection: Element?
  /// Vectors that the cell's own step reads.
  var own: [Element] = []

  var inOrder: [Element] {
    [inputWeight] + [recurrentWeight, inputBias, recurrentBias, projection].compactMap { $0 } + own
  }

  func map<Other>(_ transform: (Element) -> Other) -> FusedParameters<Other> {
    FusedParameters<Other>(
      inputWeight: transform(inputWeight), recurrentWeight: recurrentWeight.map(transform),
      inputBias: inputBias.map(transform), recurrentBias: recurrentBias.map(transform),
      projection: projection.map(transform), own: own.map(transform))
  }
}

/// Inputs of the tape node of a fused pass, or one value for each of them, in one order.
struct FusedInputs<Element> {
  /// Initial state, by component.
  var initialState: [Element]
  var parameters: FusedParameters<Element>
  /// Input vectors, or the table that tokens look up; nil for one-hot tokens.
  var vectors: Element?
  /// State after a reset, by component; empty where it is zero.
  var resetState: [Element]

  var inOrder: [Element] { initialState + parameters.inOrder + [vectors].compactMap { $0 } + resetState }

  func map<Other>(_ transform: (Element) -> Other) -> FusedInputs<Other> {
    FusedInputs<Other>(
      initialState: initialState.map(transform), parameters: parameters.map(transform),
      vectors: vectors.map(transform), resetState: resetState.map(transform))
  }
}
