import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// The cells of the module, as test arguments.
enum SampleCell: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case elmanTanh, elmanReLU, lstm, gru
  case gruResetBefore, peepholeLSTM, coupledLSTM, layerNormLSTM, layerNormGRU
  case mgu, indRNN, slstm, slstmHeads
  case minGRU, minLSTM
  case hardLSTM, hardGRU, hardGRUResetBefore

  /// Cells with recurrent weights.
  static let withRecurrentWeight: [SampleCell] = allCases.filter { $0 != .minGRU && $0 != .minLSTM }

  /// Cells of a law that is much arithmetic: in debug builds one of each structure (of state, gates, normalization, blocks, and
  /// without recurrent weights).
  static let swept: [SampleCell] = sweep(
    debug: [.elmanTanh, .lstm, .gruResetBefore, .layerNormGRU, .slstmHeads, .minLSTM], release: allCases)

  /// Those of them with recurrent weights.
  static let sweptWithRecurrentWeight = swept.filter(withRecurrentWeight.contains)

  var testDescription: String { rawValue }

  /// Number of gates stacked in the rows of the weights.
  var gates: Int {
    switch self {
    case .elmanTanh, .elmanReLU, .indRNN: 1
    case .lstm, .hardLSTM, .peepholeLSTM, .layerNormLSTM, .slstm, .slstmHeads: 4
    case .gru, .hardGRU, .gruResetBefore, .hardGRUResetBefore, .layerNormGRU, .coupledLSTM, .minLSTM: 3
    case .minGRU, .mgu: 2
    }
  }

  /// Index of the forget gate, which starts open; nil without one.
  var forgetGate: Int? {
    switch self {
    case .lstm, .hardLSTM, .peepholeLSTM, .layerNormLSTM, .slstm, .slstmHeads, .minLSTM: 1
    case .coupledLSTM: 0
    case .elmanTanh, .elmanReLU, .gru, .hardGRU, .gruResetBefore, .hardGRUResetBefore, .layerNormGRU, .mgu, .indRNN,
      .minGRU:
      nil
    }
  }

  /// Function of the gates; the slopes of hard sigmoids are such that some gates are clipped.
  var gateActivation: GateActivation {
    switch self {
    case .hardLSTM: .hardSigmoid(slope: 0.4)
    case .hardGRU, .hardGRUResetBefore: .hardSigmoid(slope: 0.5)
    default: .sigmoid
    }
  }

  /// Blocks of a recurrent weight: for `slstmHeads` the least number above 1 that divides the units.
  func heads(hidden: Int) -> Int {
    self == .slstmHeads ? (2...max(hidden, 2)).first { hidden % $0 == 0 } ?? 1 : 1
  }

  /// The cells with each choice of biases that they have: normalized products have theirs in the normalization.
  static let withBiases: [(kind: SampleCell, biases: Biases)] = allCases.flatMap { kind in
    let choices = kind == .layerNormLSTM || kind == .layerNormGRU ? [.both] : Biases.allCases
    return choices.map { (kind, $0) }
  }

  /// The parameters' names and shapes, in their order.
  func parameters(input: Int, hidden: Int, bias: Bool) -> [(name: String, shape: [Int])] {
    let rows = gates * hidden
    func norm(_ name: String, _ width: Int) -> [(String, [Int])] {
      [("\(name).weight", [width]), ("\(name).bias", [width])]
    }
    let weights = [("weight_ih", [rows, input]), ("weight_hh", [rows, hidden / heads(hidden: hidden)])]
    let biased = weights + (bias ? [("bias_ih", [rows]), ("bias_hh", [rows])] : [])
    switch self {
    case .elmanTanh, .elmanReLU, .lstm, .hardLSTM, .gru, .hardGRU, .gruResetBefore, .hardGRUResetBefore, .coupledLSTM,
      .mgu, .slstm, .slstmHeads:
      return biased
    case .peepholeLSTM: return biased + ["weight_ci", "weight_cf", "weight_co"].map { ($0, [hidden]) }
    case .layerNormLSTM:
      return weights + norm("layernorm_i", rows) + norm("layernorm_h", rows) + norm("layernorm_c", hidden)
    case .layerNormGRU:
      return weights + norm("layernorm_i", 2 * hidden) + norm("layernorm_h", 2 * hidden)
        + norm("layernorm_in", hidden) + norm("layernorm_hn", hidden)
    case .indRNN:
      return [("weight_ih", [rows, input]), ("weight_hh", [hidden])] + (bias ? [("bias_ih", [rows])] : [])
    case .minGRU, .minLSTM: return [("weight_ih", [rows, input])] + (bias ? [("bias_ih", [rows])] : [])
    }
  }

  /// A cell whose parameters are still to be drawn; those with layer normalization have no other biases.
  func make<Scalar: TensorScalar>(
    _ type: Scalar.Type = Double.self, input: Int, hidden: Int, bias: Bool = true
  ) -> any RecurrentCell<Scalar> {
    switch self {
    case .elmanTanh: ElmanCell<Scalar>(input: input, hidden: hidden, bias: bias)
    case .elmanReLU: ElmanCell<Scalar>(input: input, hidden: hidden, activation: .relu, bias: bias)
    case .lstm, .hardLSTM:
      LSTMCell<Scalar>(input: input, hidden: hidden, gateActivation: gateActivation, bias: bias)
    case .gru, .hardGRU:
      GRUCell<Scalar>(input: input, hidden: hidden, gateActivation: gateActivation, bias: bias)
    case .gruResetBefore, .hardGRUResetBefore:
      GRUCell<Scalar>(
        input: input, hidden: hidden, reset: .beforeProduct, gateActivation: gateActivation, bias: bias)
    case .peepholeLSTM: PeepholeLSTMCell<Scalar>(input: input, hidden: hidden, bias: bias)
    case .coupledLSTM: CoupledLSTMCell<Scalar>(input: input, hidden: hidden, bias: bias)
    case .layerNormLSTM: LayerNormLSTMCell<Scalar>(input: input, hidden: hidden)
    case .layerNormGRU: LayerNormGRUCell<Scalar>(input: input, hidden: hidden)
    case .mgu: MGUCell<Scalar>(input: input, hidden: hidden, bias: bias)
    case .indRNN: IndRNNCell<Scalar>(input: input, hidden: hidden, bias: bias)
    case .slstm, .slstmHeads:
      SLSTMCell<Scalar>(input: input, hidden: hidden, heads: heads(hidden: hidden), bias: bias)
    case .minGRU: MinGRUCell<Scalar>(input: input, hidden: hidden, bias: bias)
    case .minLSTM: MinLSTMCell<Scalar>(input: input, hidden: hidden, bias: bias)
    }
  }

  /// A cell whose parameters, biases among them, are anywhere, however a fresh cell starts. Those of ReLU lean towards the
  /// positive, where units are active: gradients do not pass through the others.
  ///
  /// - Parameter biases: which there are, in cells that have them.
  func random<Scalar: TensorScalar>(
    _ type: Scalar.Type = Double.self, input: Int, hidden: Int, biases: Biases = .both, using random: inout RandomSource
  ) -> any RecurrentCell<Scalar> {
    let range: Range<Scalar> = self == .elmanReLU || self == .indRNN ? -0.2..<0.8 : -1..<1
    func drawn<Cell: RecurrentCell<Scalar>>(_ fresh: Cell) -> any RecurrentCell<Scalar> {
      var cell = fresh
      var source = random
      cell.updateParameters { parameter, _ in
        parameter.value = .uniform(parameter.value.shape, in: range, using: &source)
      }
      random = source
      return cell
    }
    return drawn(keeping(biases, of: make(Scalar.self, input: input, hidden: hidden)))
  }

  /// A cell of this kind without the biases that are not chosen.
  private func keeping<Scalar: TensorScalar>(
    _ biases: Biases, of cell: any RecurrentCell<Scalar>
  ) -> any RecurrentCell<Scalar> {
    func stripped<Cell: RecurrentCell<Scalar>>(
      _: Cell.Type, _ input: WritableKeyPath<Cell, Parameter<Scalar>?>,
      _ recurrent: WritableKeyPath<Cell, Parameter<Scalar>?>? = nil
    ) -> any RecurrentCell<Scalar> {
      var cell = cell as! Cell
      if !biases.hasInput { cell[keyPath: input] = nil }
      if let recurrent, !biases.hasRecurrent { cell[keyPath: recurrent] = nil }
      return cell
    }
    func gated<Cell: RecurrentCell<Scalar>>(
      _ type: Cell.Type, _ weights: WritableKeyPath<Cell, GatedWeights<Scalar>>
    ) -> any RecurrentCell<Scalar> {
      stripped(type, weights.appending(path: \.inputBias), weights.appending(path: \.recurrentBias))
    }
    return switch self {
    case .elmanTanh, .elmanReLU: gated(ElmanCell<Scalar>.self, \.weights)
    case .lstm, .hardLSTM: gated(LSTMCell<Scalar>.self, \.weights)
    case .gru, .hardGRU, .gruResetBefore, .hardGRUResetBefore: gated(GRUCell<Scalar>.self, \.weights)
    case .peepholeLSTM: gated(PeepholeLSTMCell<Scalar>.self, \.weights)
    case .coupledLSTM: gated(CoupledLSTMCell<Scalar>.self, \.weights)
    case .mgu: gated(MGUCell<Scalar>.self, \.weights)
    case .indRNN: stripped(IndRNNCell<Scalar>.self, \.weights.inputBias)
    case .slstm, .slstmHeads: stripped(SLSTMCell<Scalar>.self, \.weights.inputBias, \.recurrentBias)
    case .minGRU: stripped(MinGRUCell<Scalar>.self, \.weights.inputBias)
    case .minLSTM: stripped(MinLSTMCell<Scalar>.self, \.weights.inputBias)
    case .layerNormLSTM, .layerNormGRU: cell
    }
  }
}

/// Choice of the two biases of a cell.
enum Biases: CaseIterable, Sendable {
  case none, input, recurrent, both
  var hasInput: Bool { self == .input || self == .both }
  var hasRecurrent: Bool { self == .recurrent || self == .both }
}
