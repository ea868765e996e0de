import Autograd
import TensorCore

/// The loop over time of a backward pass: from the gradients of outputs and final state to those of the preactivations, the
/// initial state and, where it is wanted, the input.
struct BackwardSteps<Scalar: TensorScalar> {
  /// ∂L/∂(x·W_ihᵀ + b_ih) over the last stretch that was run, for each lane, [rows, G·H].
  let dGates: [MatrixView<Scalar>]
  /// ∂L/∂(h·W_hhᵀ + b_hh) likewise, which may be the same.
  let dRecurrent: [MatrixView<Scalar>]
  /// ∂L/∂(initial state), each [B, H].
  let dInitial: [Tensor<Scalar>]
  /// ∂L/∂x, [T, B, input], where it is wanted.
  let dInput: Tensor<Scalar>?

  private let record: FusedRecord<Scalar>
  private let plan: StretchPlan
  private let dOutputs: (tensor: Tensor<Scalar>, view: MatrixView<Scalar>)?
  private let recurrentWeight: PackedMatrix<Scalar>
  private let inputWeight: PackedMatrix<Scalar>?
  private let stretchGradients: [[Tensor<Scalar>]]
  private let dStates: [MatrixView<Scalar>]
  private let dInputView: MatrixView<Scalar>?

  init(
    record: FusedRecord<Scalar>, weights: GatedWeights<Scalar>, plan: StretchPlan, dOutputs: Tensor<Scalar>?,
    dFinal: [Tensor<Scalar>?], needsInputGradient: Bool, workspace: Workspace<Scalar>
  ) {
    let pool = workspace.pool
    (self.record, self.plan, self.dOutputs) = (record, plan, dOutputs.map { ($0, $0.matrix()) })
    recurrentWeight = workspace.packed(weights.recurrentWeight, transposed: false)
    inputWeight = needsInputGradient ? workspace.packed(weights.inputWeight, transposed: false) : nil

    var states = dFinal.map { $0 ?? .zeros([record.batch, weights.hiddenSize]) }
    dStates = states.indices.map { states[$0].mutableMatrix() }
    let inputShape: TensorShape = [record.time, record.batch, weights.inputSize]
    var input = needsInputGradient ? Tensor<Scalar>(uninitialized: inputShape, pool: pool) : nil
    dInputView = input?.mutableMatrix()
    (dInitial, dInput) = (states, input)

    var gradients = (0..<(record.functions.separatesRecurrent ? 2 : 1)).map { _ in
      plan.lanes.indices.map {
        Tensor<Scalar>(
          uninitialized: [plan.longest($0), FusedRecord<Scalar>.paddedWidth(record.width)], pool: pool)
      }
    }
    let views = gradients.indices.map { kind in
      gradients[kind].indices.map { gradients[kind][$0].mutableMatrix().columns(0..<record.width) }
    }
    (dGates, dRecurrent) = (views[0], views[views.count - 1])
    stretchGradients = gradients
  }

  /// Goes through the steps of a stretch, from the last to the first, for some rows of the batch.
  func run(_ stretch: Range<Int>, rows: Range<Int>) {
    for lane in plan.lanes.indices {
      let rows = rows.clamped(to: plan.lanes[lane])
      if !rows.isEmpty { run(stretch, rows: rows, of: lane) }
    }
  }

  private func run(_ stretch: Range<Int>, rows: Range<Int>, of lane: Int) {
    for t in stretch.reversed() {
      let start = plan.rows(t, of: lane, in: stretch).lowerBound - plan.lanes[lane].lowerBound
      func gradients(_ rows: Range<Int>) -> (gates: MatrixView<Scalar>, recurrent: MatrixView<Scalar>) {
        let inStretch = start + rows.lowerBound..<start + rows.upperBound
        return (dGates[lane].rows(inStretch), dRecurrent[lane].rows(inStretch))
      }
      record.divide(rows, at: t) { rows in
        step(back: t, rows: rows, gradients(rows))
      } ended: { rows in
        // The state only passed by: its gradient does too.
        gradients(rows).gates.fill(0)
        gradients(rows).recurrent.fill(0)
        dInputView?.rows(record.rows(rows, at: t)).fill(0)
      }
    }
  }

  private func step(
    back t: Int, rows: Range<Int>, _ gradients: (gates: MatrixView<Scalar>, recurrent: MatrixView<Scalar>)
  ) {
    let (functions, now) = (record.functions, record.rows(rows, at: t))
    let dh = dStates[0].rows(rows)
    let dc = dStates.count > 1 ? dStates[1].rows(rows) : nil
    if let dOutputs { dh.add(dOutputs.view.rows(now)) }
    functions.backward(
      record.views(at: t, rows: rows), dh: dh, dc: dc, dGates: gradients.gates, dRecurrent: gradients.recurrent)
    dh.setProduct(gradients.recurrent, recurrentWeight, onto: functions.separatesRecurrent ? .target : .nothing)
    if let dInputView, let inputWeight { dInputView.rows(now).setProduct(gradients.gates, inputWeight) }
  }
}
