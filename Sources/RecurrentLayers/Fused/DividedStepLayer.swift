import Autograd
import NeuralLayers
import TensorCore

/// A layer whose units are divided into parts where they can be; the division does not change a bit.
///
/// Large weights come from far away at every step, which is what a step costs. The recurrent product of the next step can be
/// computed as soon as a step's output is known: then it finds in the nearest cache what this step read last.
package final class DividedStepLayer<Scalar: TensorScalar> {
  /// What the layer adds up before its recurrent part.
  private enum Input {
    /// A row for each token: its product with W_ihᵀ, biases included.
    case table(MatrixView<Scalar>)
    /// W_ihᵀ and the biases, for vectors.
    case product(PackedMatrix<Scalar>, bias: MatrixView<Scalar>)
  }

  private let functions: GateFunctions
  private let input: Input
  private let recurrentWeight: PackedMatrix<Scalar>
  private let recurrentBias: MatrixView<Scalar>
  private let parts: [Part]
  /// h after steps of even and of odd number, [batch, hidden].
  private let hidden: [MutableMatrixView<Scalar>]
  /// What the views are of.
  private let storage: [Tensor<Scalar>]

  /// Some units, with what belongs to them alone.
  private struct Part {
    let units: Range<Int>
    /// Where the preactivations stand here and in the weights' columns, piece by piece.
    let pieces: [(own: Range<Int>, all: Range<Int>)]
    /// [batch, gates · units]; what the hidden state contributes has the same shape.
    let gates, recurrent: MutableMatrixView<Scalar>
    /// [batch, units].
    let hidden: MutableMatrixView<Scalar>
    /// c, likewise, for cells that have it.
    let cell: MutableMatrixView<Scalar>?
    let peepholes: MatrixView<Scalar>?
  }

  /// - Parameters:
  ///   - readsTokens: whether the layer reads tokens, not vectors.
  ///   - embedding: the vector of each token, [tokens, input]; nil for one-hot vectors.
  init(
    _ cell: some FusedCell<Scalar>, batch: Int, parts count: Int, format: ProductFormat, readsTokens: Bool,
    embedding: Tensor<Scalar>?
  ) {
    let (weights, functions, foldedBias) = (cell.weights, cell.functions, cell.foldedBias)
    let peepholes = cell.peepholes.map(\.value)
    var storage: [Tensor<Scalar>] = []
    func view(_ tensor: Tensor<Scalar>) -> MutableMatrixView<Scalar> {
      var tensor = tensor
      defer { storage.append(tensor) }
      return tensor.mutableMatrix()
    }
    let (width, hiddenSize) = (weights.recurrentWeight.value.shape[0], weights.outputSize)
    func row(_ vector: Tensor<Scalar>?) -> MatrixView<Scalar> {
      view((vector ?? .zeros([width])).reshaped([1, -1])).readOnly
    }
    self.functions = functions
    let inputWeight = weights.inputWeight.value
    if readsTokens {
      let products = embedding.map { $0.matmul(inputWeight, transposingOther: true) } ?? inputWeight.transposed()
      input = .table(view(foldedBias.map { products + $0 } ?? products).readOnly)
    } else {
      input = .product(PackedMatrix(inputWeight, transposed: true, format: format), bias: row(foldedBias))
    }
    recurrentWeight = PackedMatrix(weights.recurrentWeight.value, transposed: true, format: format)
    recurrentBias = row(functions.separatesRecurrent ? weights.recurrentBias?.value : nil)
    hidden = [view(.zeros([batch, hiddenSize])), view(.zeros([batch, hiddenSize]))]
    parts = Self.division(of: hiddenSize, into: count).map { units in
      let gates = [batch, width / hiddenSize * units.count]
      return Part(
        units: units, pieces: Self.pieces(of: units, gates: width / hiddenSize, hidden: hiddenSize),
        gates: view(.zeros(TensorShape(gates))), recurrent: view(.zeros(TensorShape(gates))),
        hidden: view(.zeros([batch, units.count])),
        cell: functions.hasCellState ? view(.zeros([batch, units.count])) : nil,
        peepholes: peepholes.isEmpty ? nil : row(.concatenate(peepholes.map { $0.rows(units) })))
    }
    self.storage = storage
  }

  /// Whole panels of units for each part; all units in one part where a gate does not begin at a panel.
  private static func division(of hiddenSize: Int, into count: Int) -> [Range<Int>] {
    let width = PackedMatrix<Scalar>.panelWidth
    let panels = hiddenSize / width
    guard hiddenSize % width == 0, panels >= count else { return [0..<hiddenSize] }
    return (0..<count).map { panels * $0 / count * width..<panels * ($0 + 1) / count * width }
  }

  /// The columns of some units, gate by gate in a part and at once in the whole, each cut into pieces that begin at a panel.
  private static func pieces(of units: Range<Int>, gates: Int, hidden: Int) -> [(own: Range<Int>, all: Range<Int>)] {
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

  var partCount: Int { parts.count }

  func output(ofStep step: Int) -> MatrixView<Scalar> { hidden[step & 1].readOnly }

  /// Computes one part of a step; see `StepLayer.run`.
  func run(part index: Int, step: Int, tokens: [Int32], below: MatrixView<Scalar>?, isPrepared: Bool) {
    let part = parts[index]
    if !isPrepared { multiplyRecurrent(part, part.pieces, output(ofStep: step + 1)) }
    for (own, columns) in part.pieces {
      let target = part.gates.columns(own)
      switch input {
      case .table(let table): target.gatherRows(tokens[...], of: table.columns(columns))
      case .product(let weight, let bias):
        target.setProduct(below!, weight, columns: columns, onto: .everyRow(bias.columns(columns)))
      }
    }
    let recurrent = functions.separatesRecurrent ? part.recurrent : nil
    if recurrent == nil { part.gates.add(part.recurrent.readOnly) }
    let (h, c) = (part.hidden, part.cell)
    functions.forward(
      StepViews(
        gates: part.gates, recurrent: recurrent, hPrevious: h.readOnly, resetHidden: nil, h: h,
        cPrevious: c?.readOnly, c: c,
        peepholes: part.peepholes, norms: nil))
    hidden[step & 1].columns(part.units).copy(from: h.readOnly)
  }

  /// In reverse order: beginning with the weights read last.
  func prepare(part index: Int, after step: Int) {
    multiplyRecurrent(parts[index], parts[index].pieces.reversed(), output(ofStep: step))
  }

  private func multiplyRecurrent(
    _ part: Part, _ pieces: some Sequence<(own: Range<Int>, all: Range<Int>)>, _ previous: MatrixView<Scalar>
  ) {
    for (own, columns) in pieces {
      part.recurrent.columns(own).setProduct(
        previous, recurrentWeight, columns: columns, onto: .everyRow(recurrentBias.columns(columns)))
    }
  }
}
