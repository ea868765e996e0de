import Autograd
import TensorCore

/// What the input adds to the preactivations of every step.
enum InputProjection<Scalar: TensorScalar> {
  /// The row of a table that stands for the product of a token's vector with W_ihᵀ, plus b. Of a one-hot vector's product
  /// one row of W_ihᵀ remains.
  case lookUp(ids: [Int32], table: Tensor<Scalar>)
  /// x·W_ihᵀ + b.
  case product(input: Tensor<Scalar>, weight: PackedMatrix<Scalar>, bias: Tensor<Scalar>?)
}

/// The loop over time of a forward pass, which each thread runs for its own rows of the batch without waiting for the others.
struct ForwardSteps<Scalar: TensorScalar> {
  private let record: FusedRecord<Scalar>
  private var input: InputProjection<Scalar>
  private let recurrentWeight: RecurrentProduct<Scalar>
  private let recurrentBias: Tensor<Scalar>?
  private let projection: PackedMatrix<Scalar>?

  init(
    record: FusedRecord<Scalar>, input: InputProjection<Scalar>, weights: GatedWeights<Scalar>,
    workspace: Workspace<Scalar>
  ) {
    self.record = record
    self.input = input
    recurrentWeight = RecurrentProduct(weights, record.functions, transposed: true, workspace: workspace)
    recurrentBias = record.functions.separatesRecurrent ? weights.recurrentBias?.value : nil
    projection = weights.projection.map { workspace.packed($0, transposed: true) }
  }

  /// Looks up other tokens than those that it was made for: as many.
  mutating func lookUp(_ tokens: [Int32]) {
    if case .lookUp(_, let table) = input { input = .lookUp(ids: tokens, table: table) }
  }

  /// Fills the record for some rows of the batch.
  func run(rows: Range<Int>) {
    switch input {
    case .lookUp(let ids, let table):
      let table = table.matrix()
      run(rows: rows) { gates, now in
        // A gate that comes between the products needs the input's part apart.
        if !record.functions.separatesRecurrent && !record.functions.resetsBeforeProduct {
          return .rows(ids[now], of: table)
        }
        gates.gatherRows(ids[now], of: table)
        return .target
      }
    case .product(let input, let weight, let bias):
      let (input, start) = (input.matrix(), everyRow(bias))
      run(rows: rows) { gates, now in
        gates.setProduct(input.rows(now), weight, onto: start)
        record.norms?.steps.input?.rows(now).apply(to: gates.readOnly, setting: gates)
        return .target
      }
    }
  }

  /// - Parameter beginGates: returns what the recurrent part of the preactivations of some rows is to be added to.
  private func run(
    rows: Range<Int>, beginGates: (_ gates: MutableMatrixView<Scalar>, _ now: Range<Int>) -> ProductStart<Scalar>
  ) {
    let recurrentStart = everyRow(recurrentBias)
    for t in 0..<record.time {
      record.divide(rows, at: t) { rows in
        record.enter(at: t, rows: rows)
        let at = record.views(at: t, rows: rows)
        let start = beginGates(at.gates, record.rows(rows, at: t))
        if let candidate = recurrentWeight.candidate {
          let parts = at.gates.gruParts
          parts.gates.setProduct(at.hPrevious, recurrentWeight.gates, onto: .target)
          at.gates.applyGRUReset(hPrevious: at.hPrevious, resetHidden: at.resetHidden!)
          parts.candidate.setProduct(at.resetHidden!.readOnly, candidate, onto: .target)
        } else if let recurrent = at.recurrent {
          recurrent.setProduct(at.hPrevious, recurrentWeight.gates, onto: recurrentStart)
        } else {
          at.gates.setProduct(at.hPrevious, recurrentWeight.gates, onto: start)
        }
        record.functions.forward(at)
        if let projection { record.output(at: t, rows: rows).setProduct(at.h.readOnly, projection) }
        record.leave(at: t, rows: rows)
      } ended: { rows in
        record.keepState(at: t, rows: rows)
      }
    }
  }

  private func everyRow(_ bias: Tensor<Scalar>?) -> ProductStart<Scalar> {
    bias.map { .everyRow($0.reshaped([1, $0.count]).matrix()) } ?? .nothing
  }
}

/// W_hh as the right-hand side of products.
struct RecurrentProduct<Scalar: TensorScalar> {
  /// That of all gates which multiply h.
  let gates: PackedMatrix<Scalar>
  /// That of n, for cells where it multiplies r·h.
  let candidate: PackedMatrix<Scalar>?

  init(_ weights: GatedWeights<Scalar>, _ functions: GateFunctions, transposed: Bool, workspace: Workspace<Scalar>) {
    if functions.resetsBeforeProduct {
      let (weight, hidden) = (weights.recurrentWeight, weights.outputSize)
      gates = workspace.packed(weight, rows: 0..<2 * hidden, transposed: transposed)
      candidate = workspace.packed(weight, rows: 2 * hidden..<3 * hidden, transposed: transposed)
    } else {
      gates = workspace.packed(weights.recurrentWeight, transposed: transposed)
      candidate = nil
    }
  }
}

extension MutableMatrixView {
  /// Of gates r, z and n the first two, and the last.
  var gruParts: (gates: MutableMatrixView, candidate: MutableMatrixView) {
    (columns(0..<columns / 3 * 2), columns(columns / 3 * 2..<columns))
  }
}
