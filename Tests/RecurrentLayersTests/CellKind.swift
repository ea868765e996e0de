import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// The cells of the module, as test arguments.
enum CellKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case elmanTanh, elmanReLU, lstm, gru

  var testDescription: String { rawValue }

  /// How many gates stand one below the other in the weights.
  var gates: Int {
    switch self {
    case .elmanTanh, .elmanReLU: 1
    case .lstm: 4
    case .gru: 3
    }
  }

  /// A cell as it is first made.
  func make<Scalar: TensorScalar>(
    _ type: Scalar.Type = Double.self, input: Int, hidden: Int, bias: Bool = true, using random: inout RandomSource
  ) -> any RecurrentCell<Scalar> {
    switch self {
    case .elmanTanh: ElmanCell<Scalar>(input: input, hidden: hidden, bias: bias, using: &random)
    case .elmanReLU: ElmanCell<Scalar>(input: input, hidden: hidden, activation: .relu, bias: bias, using: &random)
    case .lstm: LSTMCell<Scalar>(input: input, hidden: hidden, bias: bias, using: &random)
    case .gru: GRUCell<Scalar>(input: input, hidden: hidden, bias: bias, using: &random)
    }
  }

  /// A cell whose parameters, biases among them, are anywhere, however a fresh cell starts. Those of ReLU lean towards the
  /// positive, where units are active: gradients do not pass through the others.
  func random<Scalar: TensorScalar>(
    _ type: Scalar.Type = Double.self, input: Int, hidden: Int, biases: Biases = .both, using random: inout RandomSource
  ) -> any RecurrentCell<Scalar> {
    let range: Range<Scalar> = self == .elmanReLU ? -0.2..<0.8 : -1..<1
    func drawn<Cell: RecurrentCell<Scalar>>(_ cell: Cell, _ weights: WritableKeyPath<Cell, GatedWeights<Scalar>>)
      -> Cell
    {
      var cell = cell
      if !biases.hasInput { cell[keyPath: weights].inputBias = nil }
      if !biases.hasRecurrent { cell[keyPath: weights].recurrentBias = nil }
      var source = random
      cell.updateParameters { parameter, _ in
        parameter.value = .uniform(parameter.value.shape, in: range, using: &source)
      }
      random = source
      return cell
    }
    switch self {
    case .elmanTanh: return drawn(ElmanCell<Scalar>(input: input, hidden: hidden), \.weights)
    case .elmanReLU: return drawn(ElmanCell<Scalar>(input: input, hidden: hidden, activation: .relu), \.weights)
    case .lstm: return drawn(LSTMCell<Scalar>(input: input, hidden: hidden), \.weights)
    case .gru: return drawn(GRUCell<Scalar>(input: input, hidden: hidden), \.weights)
    }
  }
}

/// Which of the two biases a cell has.
enum Biases: CaseIterable, Sendable {
  case none, input, recurrent, both
  var hasInput: Bool { self == .input || self == .both }
  var hasRecurrent: Bool { self == .recurrent || self == .both }
}
