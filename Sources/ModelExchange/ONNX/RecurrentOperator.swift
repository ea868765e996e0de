import ForeignFiles
import LanguageModels

/// The standard operator of ONNX that computes a cell.
struct RecurrentOperator {
  let kind: ONNXRecurrent.Kind
  /// Position in the cell's order of each gate in the operator's order.
  let gates: [Int]
  /// Attributes besides `hidden_size`.
  let attributes: [String: ONNXAttribute]
  /// Whether there is a cell state c beside h.
  let hasCellState: Bool
  /// Names of the cell's peepholes in the operator's order.
  let peepholes: [String]

  /// - Throws: `ONNXExportError` where there is none.
  init(for architecture: Architecture) throws(ONNXExportError) {
    if architecture.layerNorm { throw .layerNorm }
    if architecture.projection > 0 { throw .projection }
    if architecture.zoneout > 0 { throw .zoneout }
    switch architecture.cell {
    case .lstm: self.init(.lstm, gates: [0, 3, 1, 2], hasCellState: true)
    case .peepholeLSTM:
      self.init(
        .lstm, gates: [0, 3, 1, 2], hasCellState: true, peepholes: ["weight_ci", "weight_co", "weight_cf"])
    case .gru: self.init(.gru, gates: [1, 0, 2], attributes: ["linear_before_reset": .int(1)])
    case .gruResetBefore: self.init(.gru, gates: [1, 0, 2])
    case .rnn: self.init(.rnn, gates: [0])
    case .rnnReLU: self.init(.rnn, gates: [0], attributes: ["activations": .strings(["Relu"])])
    case .coupledLSTM, .minGRU, .minLSTM, .mgu, .indRNN, .sLSTM: throw .cell(architecture.cell)
    }
  }

  private init(
    _ kind: ONNXRecurrent.Kind, gates: [Int], attributes: [String: ONNXAttribute] = [:], hasCellState: Bool = false,
    peepholes: [String] = []
  ) {
    (self.kind, self.gates, self.attributes) = (kind, gates, attributes)
    (self.hasCellState, self.peepholes) = (hasCellState, peepholes)
  }

  /// Whether a GRU resets the product of the hidden state, b_hh included, and not the state.
  var resetsAfterProduct: Bool { attributes["linear_before_reset"] != nil }

  /// Operator that an RNN applies to its preactivations.
  var activation: String { attributes["activations"] == nil ? "Tanh" : "Relu" }

  /// States by the letter of the operator, with the names that learned ones have.
  var states: [(letter: String, name: String)] {
    [("h", "hidden")] + (hasCellState ? [("c", "cell")] : [])
  }

  /// Rows of a parameter, in equal parts for each gate, in the operator's order.
  func ordered(_ rows: [Float]) -> [Float] {
    let size = rows.count / gates.count
    return gates.flatMap { rows[$0 * size..<($0 + 1) * size] }
  }
}
