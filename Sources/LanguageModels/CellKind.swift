/// The kind of recurrent cell of a character model, by the names that the command and checkpoints use.
public enum CellKind: String, Sendable, Codable, CaseIterable {
  case lstm, gru, rnn
  case rnnReLU = "rnn-relu"
  case gruResetBefore = "gru-reset-before"
  case peepholeLSTM = "peephole-lstm"
  case coupledLSTM = "coupled-lstm"
  case minGRU = "min-gru"
  case minLSTM = "min-lstm"

  /// How many gates share a weight matrix.
  var gates: Int {
    switch self {
    case .lstm, .peepholeLSTM: 4
    case .gru, .gruResetBefore, .coupledLSTM, .minLSTM: 3
    case .minGRU: 2
    case .rnn, .rnnReLU: 1
    }
  }

  /// Whether weights multiply the state of the step before.
  var hasRecurrentWeights: Bool { self != .minGRU && self != .minLSTM }

  /// Whether there is a cell state beside the hidden state.
  var hasCellState: Bool { self == .lstm || self == .peepholeLSTM || self == .coupledLSTM }
}
