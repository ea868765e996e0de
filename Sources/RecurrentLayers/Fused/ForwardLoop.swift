import Autograd
import TensorCore

/// The loop over time of a forward pass. Each thread runs it for its own rows of the batch without waiting for the
/// others.
///
/// The code of each step, here and in the backward pass, is compiled once more for Float (`_specialize`): generic code asks
/// the runtime for its types anew at every call, which was a quarter of a small cell's time.
struct ForwardLoop<Scalar: TensorScalar> {
  private let record: FusedRecord<Scalar>
  private var input: InputProjection<Scalar>
  private let products: [PackedProduct<Scalar>]
  private let projection: PackedMatrix<Scalar>?
  /// b_hh, [1, G·H], where the recurrent products are kept apart.
  private let recurrentBias: Tensor<Scalar>?
  /// Launch of all steps on a device; nil where they are taken one by one.
  private let sequence: SequenceLaunch<Scalar>?

  init(
    record: FusedRecord<Scalar>, input: InputProjection<Scalar>, parameters: FusedParameters<Parameter<Scalar>>,
    workspace: Workspace<Scalar>
  ) {
    (self.record, self.input) = (record, input)
    let layout = record.layout
    recurrentBias = layout.separatesRecurrent ? parameters.recurrentBias?.value.reshaped([1, -1]) : nil
    let apart = recurrentBias.map { bias in { ProductStart.everyRow(bias.matrix().columns($0)) } } ?? { _ in .nothing }
    products = PackedProduct.all(of: parameters, layout, transposed: true, workspace: workspace) {
      layout.separatesRecurrent ? apart($0.columns) : .target
    }
    projection = parameters.projection.map { workspace.packed($0, transposed: true) }
    sequence = products.count == 1 ? record.sequenceLaunch(isForced: workspace.launchesWholeSequences) : nil
  }

  /// Replaces the tokens by as many others.
  mutating func setTokens(_ tokens: [Int32]) {
    if case .lookUp(_, let table) = input { input = .lookUp(ids: tokens, table: table) }
  }

  /// Fills the record for some rows of the batch, step by step.
  @_specialize(where Scalar == Float)
  func runSteps(rows: Range<Int>) {
    if let sequence { return run(sequence) }
    switch input {
    case .lookUp(let ids, let table):
      let table = table.matrix()
      if record.layout.startsFromInput {
        runSteps(rows: rows) { _, now in .rows(ids[now], of: table) }
      } else {
        runSteps(rows: rows) { at, now in
          at.gates.gatherRows(ids[now], of: table)
          return nil
        }
      }
    case .product(let input, let weight, let bias):
      let (input, transform) = (input.matrix(), record.step.inputTransform)
      let start = bias.map { ProductStart.everyRow($0.matrix()) } ?? .nothing
      runSteps(rows: rows) { at, now in
        at.gates.setProduct(input.rows(now), weight, onto: start)
        transform?.forward(at.gates, saved: at.transformed, parameters: at.parameters)
        return nil
      }
    }
  }

  /// Fills the record for all rows and steps at once.
  private func run(_ sequence: SequenceLaunch<Scalar>) {
    let gates = record.buffers.gates
    switch input {
    case .lookUp(let ids, let table): gates.gatherRows(ids[...], of: table.matrix())
    case .product(let input, let weight, let bias):
      gates.setProduct(input.matrix(), weight, onto: bias.map { .everyRow($0.matrix()) } ?? .nothing)
    }
    sequence.forward(weight: products[0].weight, bias: recurrentBias?.matrix())
  }

  /// - Parameter setInput: sets the gates to the input's contribution, or returns the rows that the product is to start
  ///   from.
  private func runSteps(
    rows: Range<Int>, setInput: (_ at: StepViews<Scalar>, _ now: Range<Int>) -> ProductStart<Scalar>?
  ) {
    var at = StepViews(record.buffers, rows: rows)
    for t in 0..<record.time {
      record.divide(rows, at: t) { rows in
        record.enter(at: t, rows: rows)
        at.rows = record.rows(rows, at: t)
        let start = setInput(at, at.rows)
        for index in products.indices {
          let operand = operand(of: products[index].operand, at)
          at.recurrent.columns(products[index].columns).setProduct(
            operand, products[index].weight, onto: start ?? products[index].start)
        }
        record.step.forward(at)
        if let projection { record.output(at: at.rows).setProduct(at.next(0).readOnly, projection) }
        record.leave(at: t, rows: rows)
      } ended: { rows in
        record.keepState(at: t, rows: rows)
      }
    }
  }

  private func operand(of operand: StepLayout.Operand, _ at: StepViews<Scalar>) -> MatrixView<Scalar> {
    switch operand {
    case .hidden(let columns): return at.previous(0).columns(columns)
    case .saved(let buffer):
      record.step.setOperand(buffer, at)
      return at.saved(buffer).readOnly
    }
  }
}

/// A product of the layout with its packed rows of W_hh (or their transpose).
struct PackedProduct<Scalar: TensorScalar> {
  let columns: Range<Int>
  let operand: StepLayout.Operand
  let weight: PackedMatrix<Scalar>
  let start: ProductStart<Scalar>

  /// All products of a layout, in order.
  static func all(
    of parameters: FusedParameters<Parameter<Scalar>>, _ layout: StepLayout, transposed: Bool,
    workspace: Workspace<Scalar>, start: (StepLayout.Product) -> ProductStart<Scalar>
  ) -> [PackedProduct] {
    layout.products.map { product in
      guard let weight = parameters.recurrentWeight else { programmingError("a recurrent product without W_hh") }
      let isWhole = product.columns == 0..<weight.shape[0]
      return PackedProduct(
        columns: product.columns, operand: product.operand,
        weight: workspace.packed(weight, rows: isWhole ? nil : product.columns, transposed: transposed),
        start: start(product))
    }
  }
}
