/// What the node of a fused pass reads, or the gradient of each: one order for both.
struct FusedInputs<Element> {
  /// Of the initial state, component by component.
  var initial: [Element]
  var inputWeight: Element
  var recurrentWeight: Element
  var inputBias: Element?
  var recurrentBias: Element?
  var projection: Element?
  /// Those of i, f and o, in cells that have them.
  var peepholes: [Element]
  /// Gain and bias of each layer normalization.
  var norms: [Element]
  /// The vectors, or the table of those that tokens stand for.
  var vectors: Element?
  /// What sequences that forget begin with, component by component, where it is given.
  var beginning: [Element]

  var inOrder: [Element] {
    let weights = [inputWeight, recurrentWeight] + [inputBias, recurrentBias, projection].compactMap { $0 }
    return initial + weights + peepholes + norms + [vectors].compactMap { $0 } + beginning
  }

  func map<Other>(_ transform: (Element) -> Other) -> FusedInputs<Other> {
    FusedInputs<Other>(
      initial: initial.map(transform), inputWeight: transform(inputWeight),
      recurrentWeight: transform(recurrentWeight), inputBias: inputBias.map(transform),
      recurrentBias: recurrentBias.map(transform), projection: projection.map(transform),
      peepholes: peepholes.map(transform), norms: norms.map(transform), vectors: vectors.map(transform),
      beginning: beginning.map(transform))
  }
}
