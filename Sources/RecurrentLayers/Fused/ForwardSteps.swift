import Autograd
import TensorCore

/// What the input adds to the preactivations of every step.
enum InputProjection<Scalar: TensorScalar> {
  /// The row of a table, W_ihᵀ + b: of a one-hot vector's product with W_ihᵀ one row remains.
  case lookUp(ids: [Int32], table: Tensor<Scalar>)
  /// x·W_ihᵀ + b.
  case product(input: Tensor<Scalar>, weight: PackedMatrix<Scalar>, bias: Tensor<Scalar>?)
}

/// The loop over time of a forward pass, which each thread runs for its own rows of the batch without waiting for the others.
struct ForwardSteps<Scalar: TensorScalar> {
  private let record: FusedRecord<Scalar>
  private let input: InputProjection<Scalar>
  private let recurrentWeight: PackedMatrix<Scalar>
  private let recurrentBias: Tensor<Scalar>?

  init(
    record: FusedRecord<Scalar>, input: InputProjection<Scalar>, weights: GatedWeights<Scalar>,
    workspace: Workspace<Scalar>
  ) {
    self.record = record
    self.input = input
    recurrentWeight = workspace.packed(weights.recurrentWeight, transposed: true)
    recurrentBias = weights.recurrentBias.map { $0.value.reshaped([1, -1]) }
  }

  /// Fills the record for some rows of the batch.
  func run(rows: Range<Int>) {
    let recurrentStart = recurrentBias.map { ProductStart.everyRow($0.matrix()) } ?? .nothing
    for t in 0..<record.time {
      let at = record.views(at: t, rows: rows)
      let start = beginGates(at.gates, record.rows(rows, at: t))
      if let recurrent = at.recurrent {
        if case .rows(let ids, let table) = start { at.gates.gatherRows(ids, of: table) }
        recurrent.setProduct(at.hPrevious, recurrentWeight, onto: recurrentStart)
      } else {
        at.gates.setProduct(at.hPrevious, recurrentWeight, onto: start)
      }
      record.functions.forward(at)
    }
    withExtendedLifetime(self) {}
  }

  /// Returns what the recurrent part of the preactivations is to be added to, after computing it where it is a product.
  private func beginGates(_ gates: MatrixView<Scalar>, _ now: Range<Int>) -> ProductStart<Scalar> {
    switch input {
    case .lookUp(let ids, let table): return .rows(ids[now], of: table.matrix())
    case .product(let input, let weight, let bias):
      let bias = bias.map { ProductStart.everyRow($0.reshaped([1, -1]).matrix()) }
      gates.setProduct(input.matrix().rows(now), weight, onto: bias ?? .nothing)
      return .target
    }
  }
}
