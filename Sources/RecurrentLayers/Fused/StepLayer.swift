import Autograd
import NeuralLayers
import TensorCore

/// One recurrent layer that runs one step at a time, for generation: everything is allocated once.
///
/// Its units may be divided into parts, which threads compute side by side; before a step, and before its output is read, all
/// parts of the step before must be done.
///
/// An enum, not a protocol, so that calls are of known types and can be specialized.
package enum StepLayer<Scalar: TensorScalar> {
  case divided(DividedStepLayer<Scalar>)
  case recorded(RecordedStepLayer<Scalar>)

  /// How many parts the units are divided into.
  package var partCount: Int {
    switch self {
    case .divided(let layer): layer.partCount
    case .recorded: 1
    }
  }

  /// What the layer puts out after a step, [batch, output].
  package func output(ofStep step: Int) -> MatrixView<Scalar> {
    switch self {
    case .divided(let layer): layer.output(ofStep: step)
    case .recorded(let layer): layer.output
    }
  }

  /// Computes one part of a step.
  ///
  /// - Parameters:
  ///   - step: counted on from any number.
  ///   - tokens: one for each sequence, for a layer that reads tokens.
  ///   - below: the output of the layer below, for one that reads vectors.
  ///   - isPrepared: whether `prepare` was called for this part after the step before.
  package func run(part: Int, step: Int, tokens: [Int32], below: MatrixView<Scalar>?, isPrepared: Bool) {
    switch self {
    case .divided(let layer):
      layer.run(part: part, step: step, tokens: tokens, below: below, isPrepared: isPrepared)
    case .recorded(let layer): layer.run(tokens: tokens, below: below)
    }
  }

  /// Computes what the next step needs and is known already, for one part.
  package func prepare(part: Int, after step: Int) {
    if case .divided(let layer) = self { layer.prepare(part: part, after: step) }
  }
}

extension StackedRecurrent {
  /// The layers as ones that run step by step, the lowest reading tokens. Nil for cells without a fused pass, and for layers of
  /// two directions.
  ///
  /// - Parameters:
  ///   - embedding: the vector of each token, [tokens, input]; nil for one-hot vectors.
  ///   - parts: into how many parts each layer's units are divided where they can be.
  ///   - format: how weights are held.
  package func stepLayers(
    batch: Int, parts: Int, format: ProductFormat = .full, embedding: Tensor<Scalar>?
  ) -> [StepLayer<Scalar>]? {
    if isBidirectional { return nil }
    var context = ForwardContext<Scalar>()
    let states = initialState(batchSize: batch, in: &context).map { $0.components.map(\.value) }
    var layers: [StepLayer<Scalar>] = []
    for (index, cell) in cells.enumerated() {
      let form = cell as? any FusedForm<Scalar>
      guard let fused = cell as? any FusedCell<Scalar> ?? form?.fusedCell else { return nil }
      let isAdded = options.residual && index > 0 && cell.inputSize == cell.hiddenSize
      if form == nil && fused.isDivisible && !isAdded && initialStates.isEmpty {
        layers.append(
          .divided(
            DividedStepLayer(
              fused, batch: batch, parts: parts, format: format, readsTokens: index == 0,
              embedding: index == 0 ? embedding : nil)))
      } else {
        layers.append(
          .recorded(
            RecordedStepLayer(
              fused, keeping: form?.probabilities ?? ZoneoutProbabilities(), from: states[index], format: format,
              readsTokens: index == 0, embedding: index == 0 ? embedding : nil, addsInput: isAdded)))
      }
    }
    return layers
  }
}

extension FusedCell {
  /// Whether a unit's next state follows from the two products and its own state alone.
  fileprivate var isDivisible: Bool { weights.projection == nil && !functions.resetsBeforeProduct && norms == nil }
}
