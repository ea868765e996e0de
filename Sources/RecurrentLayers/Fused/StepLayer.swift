import Autograd
import TensorCore

/// One recurrent layer that runs one step at a time, for generation: everything is allocated once.
///
/// Its units may be divided into parts, which threads compute side by side; before a step, and before its output is read, all
/// parts of the step before must be done. The division does not change a bit.
package final class StepLayer<Scalar: TensorScalar> {
  /// What the layer adds up before its recurrent part.
  private enum Input {
    /// A row for each token: its product with W_ihᵀ, biases included.
    case table(Tensor<Scalar>)
    /// W_ihᵀ and the biases, for vectors.
    case product(PackedMatrix<Scalar>, bias: Tensor<Scalar>)
  }

  private let hiddenSize: Int
  private let functions: GateFunctions
  private let input: Input
  private let recurrentWeight: PackedMatrix<Scalar>
  private let recurrentBias: Tensor<Scalar>
  private var parts: [Part]
  /// h after steps of even and of odd number, [batch, hidden].
  private var hidden: [Tensor<Scalar>]

  /// Some units, with what belongs to them alone.
  private struct Part {
    let units: Range<Int>
    /// Where the preactivations stand here and in the weights' columns: gate by gate, or at once where the part is the whole.
    let columns: [(own: Range<Int>, all: Range<Int>)]
    /// [batch, gates · units], as all of the following.
    var gates: Tensor<Scalar>
    var recurrent: Tensor<Scalar>?
    /// [batch, units].
    var hidden: Tensor<Scalar>
    var memory: Tensor<Scalar>?
  }

  /// - Parameter table: the products of all tokens, for the layer that reads tokens; nil for one that reads vectors.
  init(
    _ weights: GatedWeights<Scalar>, functions: GateFunctions, table: Tensor<Scalar>?, foldedBias: Tensor<Scalar>?,
    batch: Int, parts count: Int, format: ProductFormat
  ) {
    let (width, hiddenSize) = (weights.recurrentWeight.value.shape[0], weights.hiddenSize)
    self.functions = functions
    self.hiddenSize = hiddenSize
    input =
      table.map { .table($0) }
      ?? .product(
        PackedMatrix(weights.inputWeight.value, transposed: true, format: format), bias: foldedBias ?? .zeros([width]))
    recurrentWeight = PackedMatrix(weights.recurrentWeight.value, transposed: true, format: format)
    recurrentBias = weights.recurrentBias?.value ?? .zeros([width])
    hidden = [.zeros([batch, hiddenSize]), .zeros([batch, hiddenSize])]
    parts = Self.division(of: hiddenSize, into: count).map { units in
      let gates = [batch, width / hiddenSize * units.count]
      let columns = (0..<width / hiddenSize).map { gate in
        let all = gate * hiddenSize + units.lowerBound..<gate * hiddenSize + units.upperBound
        return (own: gate * units.count..<(gate + 1) * units.count, all: all)
      }
      return Part(
        units: units, columns: units.count == hiddenSize ? [(0..<width, 0..<width)] : columns,
        gates: .zeros(TensorShape(gates)),
        recurrent: functions.separatesRecurrent ? .zeros(TensorShape(gates)) : nil,
        hidden: .zeros([batch, units.count]),
        memory: functions.hasMemory ? .zeros([batch, units.count]) : nil)
    }
  }

  /// Whole panels of units for each part; all units in one part where a gate does not begin at a panel.
  private static func division(of hiddenSize: Int, into count: Int) -> [Range<Int>] {
    let width = PackedMatrix<Scalar>.panelWidth
    let panels = hiddenSize / width
    guard hiddenSize % width == 0, panels >= count else { return [0..<hiddenSize] }
    return (0..<count).map { panels * $0 / count * width..<panels * ($0 + 1) / count * width }
  }

  /// How many parts the units are divided into.
  package var partCount: Int { parts.count }

  /// The bytes of weights that a step reads.
  package var weightBytes: Int {
    if case .product(let weight, _) = input { return weight.byteCount + recurrentWeight.byteCount }
    return recurrentWeight.byteCount
  }

  /// Sets the state to zeros.
  package func reset() {
    for turn in hidden.indices { hidden[turn].mutableMatrix().fill(0) }
    for index in parts.indices {
      parts[index].hidden.mutableMatrix().fill(0)
      _ = parts[index].memory?.mutableMatrix().fill(0)
    }
  }

  /// h after a step, [batch, hidden].
  package func output(ofStep step: Int) -> MatrixView<Scalar> { hidden[step & 1].matrix() }

  /// Computes one part of a step.
  ///
  /// - Parameters:
  ///   - tokens: one for each sequence, for a layer that reads tokens.
  ///   - below: the output of the layer below, for one that reads vectors.
  package func run(part index: Int, step: Int, tokens: [Int32], below: MatrixView<Scalar>?) {
    let part = parts[index]
    let previous = output(ofStep: step + 1)
    for (own, columns) in part.columns {
      let target = part.gates.matrix().columns(own)
      switch input {
      case .table(let table): target.gatherRows(tokens[...], of: table.matrix().columns(columns))
      case .product(let weight, let bias):
        let bias = bias.reshaped([1, -1]).matrix().columns(columns)
        target.setProduct(below!, weight, columns: columns, onto: .everyRow(bias))
      }
      if let recurrent = part.recurrent?.matrix().columns(own) {
        let bias = recurrentBias.reshaped([1, -1]).matrix().columns(columns)
        recurrent.setProduct(previous, recurrentWeight, columns: columns, onto: .everyRow(bias))
      } else {
        target.setProduct(previous, recurrentWeight, columns: columns, onto: .target)
      }
    }
    let (h, c) = (part.hidden.matrix(), part.memory?.matrix())
    functions.forward(
      StepViews(
        gates: part.gates.matrix(), recurrent: part.recurrent?.matrix(), hPrevious: h, h: h, cPrevious: c, c: c))
    output(ofStep: step).columns(part.units).copy(from: h)
  }
}

extension FusedCell {
  /// This cell as a layer that runs step by step.
  ///
  /// - Parameter tokens: for a layer that reads tokens, the vector of each, [tokens, input], or nil for one-hot vectors; for
  ///   a layer that reads vectors, nil.
  func stepLayer(
    batch: Int, parts: Int, format: ProductFormat, readsTokens: Bool, tokens: Tensor<Scalar>?
  ) -> StepLayer<Scalar> {
    var table: Tensor<Scalar>?
    if readsTokens {
      let products =
        tokens.map { $0.matmul(weights.inputWeight.value, transposingOther: true) }
        ?? weights.inputWeight.value.transposed()
      table = foldedBias.map { products + $0 } ?? products
    }
    return StepLayer(
      weights, functions: gates, table: table, foldedBias: foldedBias, batch: batch, parts: parts,
      format: format)
  }
}

extension StackedRecurrent {
  /// The layers as ones that run step by step, the lowest reading tokens. Nil for cells that have no fused form.
  ///
  /// - Parameters:
  ///   - embedding: the vector of each token, [tokens, input]; nil for one-hot vectors.
  ///   - parts: into how many parts each layer's units are divided where they can be.
  ///   - format: how weights are held.
  package func stepLayers(
    batch: Int, parts: Int, format: ProductFormat = .full, embedding: Tensor<Scalar>?
  ) -> [StepLayer<Scalar>]? {
    var layers: [StepLayer<Scalar>] = []
    for (index, cell) in cells.enumerated() {
      guard let cell = cell as? any FusedCell<Scalar> else { return nil }
      layers.append(
        cell.stepLayer(
          batch: batch, parts: parts, format: format, readsTokens: index == 0, tokens: index == 0 ? embedding : nil))
    }
    return layers
  }
}
