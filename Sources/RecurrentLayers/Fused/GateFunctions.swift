import TensorCore

/// The pointwise part of each cell's step, forward and backward: all in which the fused cells differ.
enum GateFunctions {
  case elmanTanh, elmanReLU, lstm, lstmPeephole, lstmCoupled, lstmLayerNorm, gru, gruResetBefore, gruLayerNorm

  /// Whether there is a cell state beside the hidden state.
  var hasCellState: Bool { [.lstm, .lstmPeephole, .lstmCoupled, .lstmLayerNorm].contains(self) }

  /// Whether the hidden state's preactivations are kept apart from the input's, because a gate or a normalization comes between
  /// them.
  var separatesRecurrent: Bool { self == .gru || self == .lstmLayerNorm || self == .gruLayerNorm }

  /// Whether the last gate reads not the hidden state but r·h, so that its product waits for the gate r.
  var resetsBeforeProduct: Bool { self == .gruResetBefore }

  /// Whether x̂ of h·W_hhᵀ may stand where the product stood. (A GRU's gates need there what the normalization made of it.)
  var normalizesRecurrentInPlace: Bool { self == .lstmLayerNorm }

  /// One step. `at.gates` goes from preactivations to activations; h (and c) are written.
  func forward<Scalar>(_ at: StepViews<Scalar>) {
    switch self {
    case .elmanTanh: at.h.set(.tanh, of: at.gates.readOnly)
    case .elmanReLU: at.h.set(.relu, of: at.gates.readOnly)
    case .lstm: at.gates.applyLSTMGates(cPrevious: at.cPrevious!, c: at.c!, h: at.h)
    case .lstmPeephole:
      at.gates.applyPeepholeLSTMGates(peepholes: at.peepholes!, cPrevious: at.cPrevious!, c: at.c!, h: at.h)
    case .lstmCoupled: at.gates.applyCoupledLSTMGates(cPrevious: at.cPrevious!, c: at.c!, h: at.h)
    case .lstmLayerNorm:
      at.norms!.recurrent.apply(to: at.recurrent!.readOnly, setting: at.gates, adding: true)
      at.gates.applyNormalizedLSTMGates(cPrevious: at.cPrevious!, c: at.c!, h: at.h, norm: at.norms!.cell!.first)
    case .gru: at.gates.applyGRUGates(recurrent: at.recurrent!.readOnly, hPrevious: at.hPrevious, h: at.h)
    case .gruResetBefore: at.gates.applyGRUCandidate(hPrevious: at.hPrevious, h: at.h)
    case .gruLayerNorm:
      at.norms!.recurrent.apply(to: at.recurrent!.readOnly, setting: at.recurrent!)
      at.gates.applyGRUGates(recurrent: at.recurrent!.readOnly, hPrevious: at.hPrevious, h: at.h)
    }
  }

  /// One step back. dh is ∂L/∂h on entry; on return it holds what of ∂L/∂hPrevious does not pass through W_hh (GRUs alone have
  /// such a part). dc goes from ∂L/∂c to ∂L/∂cPrevious. To dPeepholes that of the peepholes is added, to dNorms that of the gains
  /// and biases of layer normalizations, each sequence's to its own row.
  func backward<Scalar>(
    _ at: StepViews<Scalar>, dh: MutableMatrixView<Scalar>, dc: MutableMatrixView<Scalar>?,
    dGates: MutableMatrixView<Scalar>,
    dRecurrent: MutableMatrixView<Scalar>, dPeepholes: MutableMatrixView<Scalar>?, dNorms: MutableMatrixView<Scalar>?
  ) {
    switch self {
    case .elmanTanh: dGates.setActivationGradient(.tanh, kept: at.h.readOnly, upstream: dh.readOnly)
    case .elmanReLU: dGates.setActivationGradient(.relu, kept: at.h.readOnly, upstream: dh.readOnly)
    case .lstm:
      dGates.setLSTMGradient(
        gates: at.gates.readOnly, cPrevious: at.cPrevious!, c: at.c!.readOnly, dh: dh.readOnly, dc: dc!)
    case .lstmPeephole:
      dGates.setPeepholeLSTMGradient(
        gates: at.gates.readOnly, peepholes: at.peepholes!, cPrevious: at.cPrevious!, c: at.c!.readOnly,
        dh: dh.readOnly, dc: dc!,
        dPeepholes: dPeepholes!)
    case .lstmCoupled:
      dGates.setCoupledLSTMGradient(
        gates: at.gates.readOnly, cPrevious: at.cPrevious!, c: at.c!.readOnly, dh: dh.readOnly, dc: dc!)
    case .lstmLayerNorm:
      let norms = at.norms!
      dGates.setNormalizedLSTMGradient(
        gates: at.gates.readOnly, cPrevious: at.cPrevious!, dh: dh, dc: dc!, norm: norms.cell!.first,
        sums: norms.cell!.sumsOfFirst(of: dNorms!))
      norms.recurrent.applyGradient(to: dGates.readOnly, setting: dRecurrent, sums: dNorms!)
      norms.input?.applyGradient(to: dGates.readOnly, setting: dGates, sums: dNorms!)
    case .gru:
      dGates.setGRUGradient(
        gates: at.gates.readOnly, recurrent: at.recurrent!.readOnly, hPrevious: at.hPrevious, dh: dh,
        dRecurrent: dRecurrent)
    case .gruResetBefore: dGates.setGRUCandidateGradient(gates: at.gates.readOnly, hPrevious: at.hPrevious, dh: dh)
    case .gruLayerNorm:
      dGates.setGRUGradient(
        gates: at.gates.readOnly, recurrent: at.recurrent!.readOnly, hPrevious: at.hPrevious, dh: dh,
        dRecurrent: dRecurrent)
      at.norms!.recurrent.applyGradient(to: dRecurrent.readOnly, setting: dRecurrent, sums: dNorms!)
      at.norms!.input?.applyGradient(to: dGates.readOnly, setting: dGates, sums: dNorms!)
    }
  }
}

/// What one step reads and writes, for some rows of the batch.
struct StepViews<Scalar: TensorScalar> {
  let gates: MutableMatrixView<Scalar>
  let recurrent: MutableMatrixView<Scalar>?
  let hPrevious: MatrixView<Scalar>
  /// r·hPrevious, for cells that reset before the product.
  let resetHidden: MutableMatrixView<Scalar>?
  /// The output, or what it is a projection of.
  let h: MutableMatrixView<Scalar>
  let cPrevious: MatrixView<Scalar>?
  let c: MutableMatrixView<Scalar>?
  /// The same for every row, [1, 3·H], for cells that have them.
  let peepholes: MatrixView<Scalar>?
  /// For cells that normalize.
  let norms: StepNorms<Scalar>?
}
