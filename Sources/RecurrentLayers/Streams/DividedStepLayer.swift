import Autograd
import NeuralLayers
import TensorCore

/// A layer whose units threads share, a shard each; the division changes no bit.
///
/// The cost of a step is reading the weights. The recurrent product of the next step can be computed as soon as a
/// step's output is known: it then finds the weights that this step read last in the nearest cache.
package final class DividedStepLayer<Scalar: TensorScalar> {
  /// Contribution of the input to the preactivations.
  private enum Input {
    /// Row for each token: its vector times W_ihᵀ, plus the biases.
    case table(MatrixView<Scalar>)
    /// W_ihᵀ and the biases, for vectors.
    case product(PackedMatrix<Scalar>, bias: MatrixView<Scalar>)
  }

  private let step: any FusedStep<Scalar>
  private let layout: StepLayout
  private let input: Input
  /// Nil in cells without a recurrent product.
  private let recurrentWeight: PackedMatrix<Scalar>?
  private let recurrentBias: MatrixView<Scalar>
  private let shards: [Shard]
  let shardCount: Int
  /// h after even and odd steps, [batch, hidden].
  private let hidden: [MutableMatrixView<Scalar>]
  /// Tensors that only the views read.
  private let storage: [Tensor<Scalar>]

  /// Some units and their buffers.
  private struct Shard {
    let units: Range<Int>
    /// Columns of the preactivations, in this shard and in the whole layer, in blocks.
    let blocks: [(own: Range<Int>, all: Range<Int>)]
    /// Preactivations and the recurrent products, [batch, gates · units].
    let gates, recurrent: MutableMatrixView<Scalar>
    /// Components of the state, [batch, units]; the first is h.
    let states: [MutableMatrixView<Scalar>]
    let buffers: StepBuffers<Scalar>
  }

  /// - Parameters:
  ///   - readsTokens: whether the layer reads tokens, not vectors.
  ///   - embedding: vector of each token, [tokens, input]; nil for one-hot vectors.
  init(
    _ cell: some FusedCell<Scalar>, batch: Int, shards count: Int, format: ProductFormat, readsTokens: Bool,
    embedding: Tensor<Scalar>?
  ) {
    let (parameters, step, stateCount) = (cell.fusedParameters, cell.fusedStep, cell.stateWidths.count)
    let layout = step.layout
    layout.validate(step, parameters: parameters, stateWidths: cell.stateWidths)
    let inputWeight = parameters.inputWeight.value
    let foldedBias = parameters.foldedBias(separatesRecurrent: layout.separatesRecurrent)
    var storage: [Tensor<Scalar>] = []
    func reading(_ tensor: Tensor<Scalar>) -> MatrixView<Scalar> {
      storage.append(tensor)
      return tensor.matrix()
    }
    func zeros(_ width: Int) -> MutableMatrixView<Scalar> {
      let matrix = OwnedMatrix<Scalar>(.zeros([batch, width], beside: inputWeight))
      storage.append(matrix.tensor)
      return matrix.view
    }
    let (width, hiddenSize) = (layout.gates, cell.hiddenSize)
    func row(_ vector: Tensor<Scalar>?) -> MatrixView<Scalar> {
      reading((vector ?? .zeros([width], beside: inputWeight)).reshaped([1, -1]))
    }
    (self.step, self.layout) = (step, layout)
    func packed(_ weight: Tensor<Scalar>) -> PackedMatrix<Scalar> {
      PackedMatrix(weight, transposed: true, format: format)
    }
    if readsTokens {
      let products = embedding.map { $0.matmul(packed(inputWeight)) } ?? inputWeight.transposed()
      input = .table(reading(foldedBias.map { products + $0 } ?? products))
    } else {
      input = .product(packed(inputWeight), bias: row(foldedBias))
    }
    recurrentWeight = parameters.recurrentWeight.map { packed($0.value) }
    recurrentBias = row(layout.separatesRecurrent ? parameters.recurrentBias?.value : nil)
    hidden = [zeros(hiddenSize), zeros(hiddenSize)]
    shards = Self.division(of: hiddenSize, into: count).map { units in
      let gates = zeros(width / hiddenSize * units.count)
      let recurrent = zeros(gates.columns)
      let states = (0..<stateCount).map { _ in zeros(units.count) }
      let own = parameters.own.map { $0.value.rows(units) }
      let buffers = StepBuffers(
        gates: gates, recurrent: layout.separatesRecurrent ? recurrent : nil, previous: states.map(\.readOnly),
        next: states,
        saved: layout.saved.map { zeros($0 / hiddenSize * units.count) },
        parameters: own.isEmpty ? nil : row(.concatenate(own)))
      return Shard(
        units: units, blocks: Self.blocks(of: units, gates: width / hiddenSize, hidden: hiddenSize), gates: gates,
        recurrent: recurrent, states: states, buffers: buffers)
    }
    (self.storage, shardCount) = (storage, shards.count)
  }

  /// Whole panels of units for each shard; one shard where a gate does not start at a panel.
  private static func division(of hiddenSize: Int, into count: Int) -> [Range<Int>] {
    let width = PackedMatrix<Scalar>.panelWidth
    let panels = hiddenSize / width
    guard hiddenSize % width == 0, panels >= count else { return [0..<hiddenSize] }
    return (0..<count).map { panels * $0 / count * width..<panels * ($0 + 1) / count * width }
  }

  /// Columns of some units, gate by gate for a shard and at once for the whole layer, cut into blocks that start at a
  /// panel.
  private static func blocks(of units: Range<Int>, gates: Int, hidden: Int) -> [(own: Range<Int>, all: Range<Int>)] {
    let isWhole = units.count == hidden
    let length = isWhole ? gates * hidden : units.count
    let most = 8 * PackedMatrix<Scalar>.panelWidth
    return (0..<(isWhole ? 1 : gates)).flatMap { gate in
      stride(from: 0, to: length, by: most).map { start in
        let (own, all) = (gate * units.count + start, gate * hidden + units.lowerBound + start)
        let count = min(most, length - start)
        return (own..<own + count, all..<all + count)
      }
    }
  }

  @_specialize(where Scalar == Float)
  func output(ofStep step: Int) -> MatrixView<Scalar> { hidden[step & 1].readOnly }

  /// Copies a component of the state; see `StepLayer.copyState`.
  func copyState(_ component: Int, rows: Range<Int>, to target: MutableMatrixView<Scalar>) {
    for shard in shards { target.columns(shard.units).copy(from: shard.states[component].rows(rows).readOnly) }
  }

  /// Replaces a component of the state; see `StepLayer.setState`.
  func setState(_ component: Int, rows: Range<Int>, after step: Int, to source: MatrixView<Scalar>) {
    for shard in shards { shard.states[component].rows(rows).copy(from: source.columns(shard.units)) }
    if component == 0 { hidden[step & 1].rows(rows).copy(from: source) }
  }

  /// Computes one shard of a step; see `StepLayer.run`.
  @_specialize(where Scalar == Float)
  func run(shard index: Int, step number: Int, tokens: [Int32], below: MatrixView<Scalar>?, isPrepared: Bool) {
    let shard = shards[index]
    if !isPrepared { multiplyRecurrent(shard, shard.blocks, output(ofStep: number + 1)) }
    for (own, columns) in shard.blocks {
      let target = shard.gates.columns(own)
      switch input {
      case .table(let table): target.gatherRows(tokens[...], of: table.columns(columns))
      case .product(let weight, let bias):
        target.setProduct(below!, weight, columns: columns, onto: .everyRow(bias.columns(columns)))
      }
    }
    if !layout.separatesRecurrent && recurrentWeight != nil { shard.gates.add(shard.recurrent.readOnly) }
    step.forward(StepViews(shard.buffers, rows: 0..<shard.gates.rows))
    hidden[number & 1].columns(shard.units).copy(from: shard.states[0].readOnly)
  }

  /// Computes the recurrent product of the next step, in reverse order: first with the weights read last.
  @_specialize(where Scalar == Float)
  func prepare(shard index: Int, after step: Int) {
    multiplyRecurrent(shards[index], shards[index].blocks.reversed(), output(ofStep: step))
  }

  private func multiplyRecurrent(
    _ shard: Shard, _ blocks: some Sequence<(own: Range<Int>, all: Range<Int>)>, _ previous: MatrixView<Scalar>
  ) {
    guard let recurrentWeight else { return }
    for (own, columns) in blocks {
      shard.recurrent.columns(own).setProduct(
        previous, recurrentWeight, columns: columns, onto: .everyRow(recurrentBias.columns(columns)))
    }
  }
}
