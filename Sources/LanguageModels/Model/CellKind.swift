import NeuralLayers
import RecurrentLayers
import TensorCore

/// A kind of recurrent cell, by the name that the command and checkpoints use. This file is the registry of cells: to add
/// one, a case and its entry.
public enum CellKind: String, Sendable, CaseIterable {
  case lstm, gru, rnn
  case rnnReLU = "rnn-relu"
  case gruResetBefore = "gru-reset-before"
  case peepholeLSTM = "peephole-lstm"
  case coupledLSTM = "coupled-lstm"
  case minGRU = "min-gru"
  case minLSTM = "min-lstm"
  case mgu
  case indRNN = "indrnn"
  case sLSTM = "slstm"

  /// One line on the cell, with its source.
  public var summary: String { entry(Float.self).summary }

  /// Settings that this cell takes and others do not.
  var options: Set<CellOption> { entry(Float.self).options }

  /// Whether gates decide what the state keeps.
  var isGated: Bool { entry(Float.self).isGated }

  /// Whether a unit reads the state of the others. Where it does not, layers above each other must make up for it.
  var mixesUnits: Bool { entry(Float.self).mixesUnits }

  /// Recurrent layers of this cell, whose weights are still to be drawn.
  func stack<Scalar: TensorScalar>(_ plan: StackPlan) -> any RecurrentStack<Scalar> {
    entry(Scalar.self).stack(plan)
  }

  private func entry<Scalar: TensorScalar>(_: Scalar.Type) -> CellEntry<Scalar> {
    switch self {
    case .lstm:
      CellEntry(
        "long short-term memory (Hochreiter and Schmidhuber, 1997)",
        isGated: true, takes: [.forgetBias, .layerNorm, .projection, .weightDrop]
      ) { plan in
        plan.layerNorm
          ? plan.stack {
            LayerNormLSTMCell<Scalar>(input: $0, hidden: $1, forgetBias: plan.forgetBias, inputWeight: $2)
          }
          : plan.stack {
            LSTMCell<Scalar>(
              input: $0, hidden: $1, projection: plan.projection, forgetBias: plan.forgetBias, inputWeight: $2)
          }
      }
    case .gru:
      CellEntry(
        "gated recurrent unit, reset after the product, as PyTorch's", isGated: true, takes: [.layerNorm, .weightDrop]
      ) {
        plan in
        plan.layerNorm
          ? plan.stack { LayerNormGRUCell<Scalar>(input: $0, hidden: $1, inputWeight: $2) }
          : plan.stack { GRUCell<Scalar>(input: $0, hidden: $1, inputWeight: $2) }
      }
    case .rnn:
      CellEntry("Elman network with tanh (Elman, 1990)", isGated: false, takes: [.weightDrop]) { plan in
        plan.stack { ElmanCell<Scalar>(input: $0, hidden: $1, inputWeight: $2) }
      }
    case .rnnReLU:
      CellEntry("Elman network with ReLU", isGated: false, takes: [.weightDrop]) { plan in
        plan.stack { ElmanCell<Scalar>(input: $0, hidden: $1, activation: .relu, inputWeight: $2) }
      }
    case .gruResetBefore:
      CellEntry(
        "gated recurrent unit, reset before the product (Cho et al., 2014)", isGated: true, takes: [.weightDrop]
      ) { plan in
        plan.stack { GRUCell<Scalar>(input: $0, hidden: $1, reset: .beforeProduct, inputWeight: $2) }
      }
    case .peepholeLSTM:
      CellEntry(
        "LSTM whose gates see the cell state (Gers et al., 2002)", isGated: true, takes: [.forgetBias, .weightDrop]
      ) {
        plan in
        plan.stack { PeepholeLSTMCell<Scalar>(input: $0, hidden: $1, forgetBias: plan.forgetBias, inputWeight: $2) }
      }
    case .coupledLSTM:
      CellEntry(
        "LSTM that forgets what it replaces (Greff et al., 2017)", isGated: true, takes: [.forgetBias, .weightDrop]
      ) { plan in
        plan.stack { CoupledLSTMCell<Scalar>(input: $0, hidden: $1, forgetBias: plan.forgetBias, inputWeight: $2) }
      }
    case .minGRU:
      CellEntry(
        "minimal GRU without recurrent weights (Feng et al., 2024)", isGated: true, mixesUnits: false, takes: []
      ) { plan in
        plan.stack { MinGRUCell<Scalar>(input: $0, hidden: $1, inputWeight: $2) }
      }
    case .minLSTM:
      CellEntry(
        "minimal LSTM without recurrent weights (Feng et al., 2024)", isGated: true, mixesUnits: false,
        takes: [.forgetBias]
      ) {
        plan in
        plan.stack { MinLSTMCell<Scalar>(input: $0, hidden: $1, forgetBias: plan.forgetBias, inputWeight: $2) }
      }
    case .mgu:
      CellEntry("minimal gated unit (Zhou et al., 2016)", isGated: true, takes: [.weightDrop]) { plan in
        plan.stack { MGUCell<Scalar>(input: $0, hidden: $1, inputWeight: $2) }
      }
    case .indRNN:
      CellEntry(
        "independently recurrent network with ReLU (Li et al., 2018)", isGated: false, mixesUnits: false,
        takes: [.weightDrop]
      ) {
        plan in
        plan.stack { IndRNNCell<Scalar>(input: $0, hidden: $1, inputWeight: $2) }
      }
    case .sLSTM:
      CellEntry(
        "sLSTM of xLSTM, with heads (Beck et al., 2024)", isGated: true, takes: [.forgetBias, .heads, .weightDrop]
      ) {
        plan in
        plan.stack {
          SLSTMCell<Scalar>(
            input: $0, hidden: $1, heads: plan.heads, forgetBias: plan.forgetBias, inputWeight: $2)
        }
      }
    }
  }
}

/// A setting that some cells take and others do not.
enum CellOption: Sendable {
  case forgetBias, layerNorm, projection, heads, weightDrop
}

/// An entry of the registry of cells.
private struct CellEntry<Scalar: TensorScalar> {
  let summary: String
  let isGated, mixesUnits: Bool
  let options: Set<CellOption>
  let stack: (StackPlan) -> any RecurrentStack<Scalar>

  init(
    _ summary: String, isGated: Bool, mixesUnits: Bool = true, takes options: Set<CellOption>,
    stack: @escaping (StackPlan) -> any RecurrentStack<Scalar>
  ) {
    (self.summary, self.isGated, self.mixesUnits, self.options, self.stack) =
      (summary, isGated, mixesUnits, options, stack)
  }
}
