import Autograd
import TensorCore

/// Gradients of all weights and biases of a fused cell, summed chunk by chunk.
struct WeightSums<Scalar: TensorScalar> {
  let input: InputWeightGradient<Scalar>
  let projection: WeightGradient<Scalar>?
  /// Gradients of the rows of W_hh that each product of the layout multiplies.
  private let recurrent: [WeightGradient<Scalar>]
  private let products: [StepLayout.Product]

  /// Sums over the steps so far, without the inputs that they were taken from.
  struct SoFar {
    fileprivate let input: InputWeightGradient<Scalar>.Sums
    fileprivate let projection: WeightGradient<Scalar>.Sums?
    fileprivate let recurrent: [WeightGradient<Scalar>.Sums]
  }

  /// - Parameter previous: sums over later steps, to be continued in place.
  init(
    _ record: FusedRecord<Scalar>, _ parameters: FusedParameters<Parameter<Scalar>>,
    _ sequence: SequenceInput<Scalar>, plan: ChunkPlan, continuing previous: SoFar?, workspace: Workspace<Scalar>
  ) {
    let layout = record.layout
    let hasBias = parameters.inputBias != nil || parameters.recurrentBias != nil
    func gradient(
      _ inputs: Tensor<Scalar>, columns: Range<Int>? = nil, outputs: Int, hasBias: Bool = false,
      _ previous: WeightGradient<Scalar>.Sums?
    ) -> WeightGradient<Scalar> {
      WeightGradient(
        inputs: inputs, columns: columns, outputs: outputs, plan: plan, hasBias: hasBias, continuing: previous,
        workspace: workspace)
    }
    products = layout.products
    recurrent = products.enumerated().map { index, product in
      let (inputs, columns): (Tensor<Scalar>, Range<Int>?) =
        switch product.operand {
        case .hidden(let columns): (record.states[0].read, columns)
        case .saved(let buffer): (record.saved[buffer], nil)
        }
      return gradient(
        inputs, columns: columns, outputs: product.columns.count, hasBias: hasBias && layout.separatesRecurrent,
        previous?.recurrent[index])
    }
    projection = record.units.map { gradient($0, outputs: parameters.projection!.shape[0], previous?.projection) }
    input = InputWeightGradient(
      sequence, weight: parameters.inputWeight, plan: plan, hasBias: hasBias, continuing: previous?.input,
      workspace: workspace)
  }

  /// Packs a thread's share of the operands of a chunk.
  func pack(_ chunk: Range<Int>, thread: Int) {
    for gradient in recurrent { gradient.pack(chunk, thread: thread) }
    input.pack(chunk, thread: thread)
    projection?.pack(chunk, thread: thread)
  }

  /// Adds a thread's share of a chunk, whose gradients the loop has computed.
  @_specialize(where Scalar == Float)
  func add(_ loop: BackwardLoop<Scalar>, _ chunk: Range<Int>, thread: Int) {
    for (gradient, product) in zip(recurrent, products) {
      let columns = products.count == 1 ? loop.dRecurrent : loop.dRecurrent.map { $0.columns(product.columns) }
      gradient.add(columns, chunk, thread: thread)
    }
    input.add(loop.dGates, chunk, thread: thread)
    projection?.add(loop.dProjected, chunk, thread: thread)
  }

  var soFar: SoFar {
    SoFar(input: input.sumsSoFar, projection: projection?.sumsSoFar, recurrent: recurrent.map { $0.sumsSoFar })
  }

  /// Gradient of W_hh and, where the recurrent products are kept apart, of b_hh.
  func recurrentSums() -> (weight: Tensor<Scalar>?, bias: Tensor<Scalar>?) {
    let sums = recurrent.map { $0.sums() }
    func joined(_ tensors: [Tensor<Scalar>]) -> Tensor<Scalar>? {
      tensors.count > 1 ? .concatenate(tensors) : tensors.first
    }
    return (joined(sums.map { $0.weight }), joined(sums.compactMap { $0.bias }))
  }
}
