import TensorCore

/// All that a fused pass over a sequence computed, step by step: T steps, B sequences, H hidden units, G gates.
///
/// Memory kept for the backward pass: T·B·H·(G + 1) elements, and T·B·H more for an LSTM's cell states, T·B·3H for a GRU's
/// recurrent preactivations.
struct FusedRecord<Scalar: TensorScalar> {
  let functions: GateFunctions
  /// h and, where there is one, c before the first step, [B, H].
  let initial: [Tensor<Scalar>]
  /// [T, B, G·H].
  var gates: Tensor<Scalar>
  /// h·W_hhᵀ + b_hh, [T, B, G·H], for cells that keep it apart.
  var recurrent: Tensor<Scalar>?
  /// [T, B, H].
  var hidden: Tensor<Scalar>
  /// [T, B, H].
  var memory: Tensor<Scalar>?

  /// A record of which nothing is computed yet.
  ///
  /// - Parameter width: G·H.
  init(
    functions: GateFunctions, time: Int, batch: Int, width: Int, initial: [Tensor<Scalar>], pool: BufferPool
  ) {
    self.functions = functions
    self.initial = initial
    gates = Tensor(uninitialized: [time, batch, width], pool: pool)
    let states: TensorShape = [time, batch, initial[0].shape[1]]
    recurrent = functions.separatesRecurrent ? Tensor(uninitialized: gates.shape, pool: pool) : nil
    hidden = Tensor(uninitialized: states, pool: pool)
    memory = functions.hasMemory ? Tensor(uninitialized: states, pool: pool) : nil
  }

  var time: Int { gates.shape[0] }
  var batch: Int { gates.shape[1] }

  /// Where some rows of the batch stand at a step among all T·B rows.
  func rows(_ rows: Range<Int>, at t: Int) -> Range<Int> { t * batch + rows.lowerBound..<t * batch + rows.upperBound }

  /// The views of a step. They are valid while this record lives; they are written to in the forward pass only, before
  /// anything else holds the tensors.
  func views(at t: Int, rows: Range<Int>) -> StepViews<Scalar> {
    let now = self.rows(rows, at: t)
    func previous(_ states: Tensor<Scalar>, _ first: Tensor<Scalar>) -> MatrixView<Scalar> {
      t == 0
        ? first.matrix().rows(rows)
        : states.matrix().rows(now.lowerBound - batch..<now.upperBound - batch)
    }
    return StepViews(
      gates: gates.matrix().rows(now), recurrent: recurrent?.matrix().rows(now),
      hPrevious: previous(hidden, initial[0]), h: hidden.matrix().rows(now),
      cPrevious: memory.map { previous($0, initial[1]) }, c: memory?.matrix().rows(now))
  }

  /// h and, where there is one, c after the last step, [B, H].
  var final: [Tensor<Scalar>] { [hidden.row(time - 1)] + (memory.map { [$0.row(time - 1)] } ?? []) }
}
