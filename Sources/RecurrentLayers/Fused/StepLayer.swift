import Autograd
import NeuralLayers
import TensorCore

/// One recurrent layer that runs one step at a time, for generation: everything is allocated once.
///
/// Its units may be divided into parts, which threads compute side by side; before a step, and before its output is read, all
/// parts of the step before must be done.
package protocol StepLayer<Scalar>: AnyObject {
  associatedtype Scalar: TensorScalar

  /// How many parts the units are divided into.
  var partCount: Int { get }

  /// What the layer puts out after a step, [batch, output].
  func output(ofStep step: Int) -> MatrixView<Scalar>

  /// Computes one part of a step.
  ///
  /// - Parameters:
  ///   - step: counted on from any number.
  ///   - tokens: one for each sequence, for a layer that reads tokens.
  ///   - below: the output of the layer below, for one that reads vectors.
  ///   - isPrepared: whether `prepare` was called for this part after the step before.
  func run(part index: Int, step: Int, tokens: [Int32], below: MatrixView<Scalar>?, isPrepared: Bool)

  /// Computes what the next step needs and is known already, for one part.
  func prepare(part index: Int, after step: Int)
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
  ) -> [any StepLayer<Scalar>]? {
    if isBidirectional { return nil }
    var context = ForwardContext<Scalar>()
    let states = initialState(batchSize: batch, in: &context).map { $0.components.map(\.value) }
    var layers: [any StepLayer<Scalar>] = []
    for (index, cell) in cells.enumerated() {
      let form = cell as? any FusedForm<Scalar>
      guard let fused = cell as? any FusedCell<Scalar> ?? form?.fusedCell else { return nil }
      let isAdded = options.residual && index > 0 && cell.inputSize == cell.hiddenSize
      if form == nil && fused.isDivisible && !isAdded && initialStates.isEmpty {
        layers.append(
          DividedStepLayer(
            fused, batch: batch, parts: parts, format: format, readsTokens: index == 0,
            embedding: index == 0 ? embedding : nil))
      } else {
        layers.append(
          RecordedStepLayer(
            fused, keeping: form?.probabilities ?? ZoneoutProbabilities(), from: states[index], format: format,
            readsTokens: index == 0,
            embedding: index == 0 ? embedding : nil, addsInput: isAdded))
      }
    }
    return layers
  }
}

extension FusedCell {
  /// Whether a unit's next state follows from the two products and its own state alone.
  fileprivate var isDivisible: Bool { weights.projection == nil && !functions.resetsBeforeProduct && norms == nil }
}
