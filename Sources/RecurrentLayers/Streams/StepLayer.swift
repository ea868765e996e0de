import Autograd
import NeuralLayers
import TensorCore

/// A recurrent layer that runs one step at a time, for generation: everything is allocated once.
///
/// Threads may share its units, a shard each; before a step, and before its output is read, all shards of the previous
/// step must be done.
///
/// An enum, not a protocol, so that calls are of known types and can be specialized.
package enum StepLayer<Scalar: TensorScalar> {
  case divided(DividedStepLayer<Scalar>)
  case recorded(RecordedStepLayer<Scalar>)

  /// Number of shards of the units.
  package var shardCount: Int {
    switch self {
    case .divided(let layer): layer.shardCount
    case .recorded: 1
    }
  }

  /// Output of the layer after a step, [batch, output].
  package func output(ofStep step: Int) -> MatrixView<Scalar> {
    switch self {
    case .divided(let layer): layer.output(ofStep: step)
    case .recorded(let layer): layer.output
    }
  }

  /// Computes one shard of a step.
  ///
  /// - Parameters:
  ///   - step: number of the step, counted from any start.
  ///   - tokens: one for each sequence, for a layer that reads tokens.
  ///   - below: output of the layer below, for a layer that reads vectors.
  ///   - isPrepared: whether `prepare` was called for this shard after the previous step.
  package func run(shard: Int, step: Int, tokens: [Int32], below: MatrixView<Scalar>?, isPrepared: Bool) {
    switch self {
    case .divided(let layer):
      layer.run(shard: shard, step: step, tokens: tokens, below: below, isPrepared: isPrepared)
    case .recorded(let layer): layer.run(tokens: tokens, below: below)
    }
  }

  /// Copies a component of the state after a step, for some rows.
  ///
  /// - Parameter target: [rows, width].
  func copyState(_ component: Int, rows: Range<Int>, to target: MutableMatrixView<Scalar>) {
    switch self {
    case .divided(let layer): layer.copyState(component, rows: rows, to: target)
    case .recorded(let layer): layer.copyState(component, rows: rows, to: target)
    }
  }

  /// Replaces a component of the state after a step, for some rows. The next step is not prepared then.
  ///
  /// - Parameter source: [rows, width].
  func setState(_ component: Int, rows: Range<Int>, after step: Int, to source: MatrixView<Scalar>) {
    switch self {
    case .divided(let layer): layer.setState(component, rows: rows, after: step, to: source)
    case .recorded(let layer): layer.setState(component, rows: rows, to: source)
    }
  }

  /// Computes the recurrent product of the next step ahead, for one shard.
  package func prepare(shard: Int, after step: Int) {
    if case .divided(let layer) = self { layer.prepare(shard: shard, after: step) }
  }
}

extension StackedRecurrent {
  /// The layers as step layers. Nil for cells without a fused pass, and for layers of
  /// two directions.
  ///
  /// - Parameters:
  ///   - device: where the layers are.
  ///   - shards: number of shards that a layer's units are divided into, where they can be.
  ///   - format: storage of the weights.
  ///   - readsTokens: whether the lowest layer reads tokens, not vectors.
  ///   - embedding: vector of each token, [tokens, input]; nil for one-hot vectors.
  package func stepLayers(
    on device: Device = .cpu, batch: Int, shards: Int, format: ProductFormat = .full, readsTokens: Bool = true,
    embedding: Tensor<Scalar>? = nil
  ) -> [StepLayer<Scalar>]? {
    if isBidirectional { return nil }
    require(
      parameters.allSatisfy { $0.parameter.isDrawn },
      "the weights of recurrent layers are still to be drawn; call initialize(using:) on the model")
    var context = ForwardContext<Scalar>(workspace: Workspace(device: device))
    let states = initialState(batchSize: batch, in: &context).map { $0.components.map(\.value) }
    var layers: [StepLayer<Scalar>] = []
    for (index, cell) in cells.enumerated() {
      let wrapper = cell as? any FusedWrapper<Scalar>
      guard let fused = cell as? any FusedCell<Scalar> ?? wrapper?.fusedCell else { return nil }
      let isAdded = addsInput(inLayer: index)
      if wrapper == nil && fused.isDivisible && !isAdded && initialStates.isEmpty {
        layers.append(
          .divided(
            DividedStepLayer(
              fused, batch: batch, shards: shards, format: format, readsTokens: readsTokens && index == 0,
              embedding: index == 0 ? embedding : nil)))
      } else {
        layers.append(
          .recorded(
            RecordedStepLayer(
              fused, zoneout: wrapper?.zoneout ?? ZoneoutProbabilities(), from: states[index], format: format,
              readsTokens: readsTokens && index == 0, embedding: index == 0 ? embedding : nil, addsInput: isAdded)))
      }
    }
    return layers
  }
}

extension FusedCell {
  /// Whether threads can share the units of a step: see `StepLayout.isElementwise`.
  fileprivate var isDivisible: Bool { fusedParameters.projection == nil && fusedStep.layout.isElementwise }
}
