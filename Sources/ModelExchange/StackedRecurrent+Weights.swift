import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// A cell of this package that weights of other packages are of.
public protocol ExchangeableCell<Scalar>: RecurrentCell where Scalar: StorableScalar {
  /// The cell of one layer and direction.
  ///
  /// - Precondition: the weights fit the cell, as those of every `RecurrentWeights` do; others trap.
  /// - Returns: nil where the weights are of another cell.
  static func cell(
    _ cell: RecurrentWeights.Cell, gateActivation: GateActivation, _ weights: RecurrentWeights.Direction
  ) -> Self?
  /// The kind of cell, the function of its gates (the sigmoid without any), and the weights.
  var exchanged: (cell: RecurrentWeights.Cell, gateActivation: GateActivation, weights: RecurrentWeights.Direction) {
    get
  }
}

extension StackedRecurrent where Cell: ExchangeableCell {
  /// Recurrent layers with weights that any package's tensors were converted to.
  ///
  /// - Throws: `ExchangeError` where the weights are of another cell than `Cell`.
  public init(_ weights: RecurrentWeights, options: StackOptions = StackOptions()) throws(ExchangeError) {
    func cell(_ direction: RecurrentWeights.Direction) throws(ExchangeError) -> Cell {
      guard let cell = Cell.cell(weights.cell, gateActivation: weights.gateActivation, direction) else {
        throw .otherCellType(weights.cell, type: "\(Cell.self)")
      }
      return cell
    }
    var (forward, reverse): ([Cell], [Cell]) = ([], [])
    for layer in weights.layers {
      forward.append(try cell(layer.forward))
      if let direction = layer.reverse { reverse.append(try cell(direction)) }
    }
    self.init(forward, reverse: reverse, options: options)
  }

  /// The weights of these layers, to be written as another package's.
  ///
  /// - Throws: `ExchangeError` where the options have no counterpart: residual connections, a learned initial state, directions
  ///   that are added up; and where cells differ in their reset gates or the function of their gates.
  public var weights: RecurrentWeights {
    get throws(ExchangeError) {
      for (isSet, what) in [
        (options.residual, "residual connections"), (options.learnsInitialState, "a learned initial state"),
        (isBidirectional && options.merging == .sum, "the sum of both directions"),
      ] where isSet {
        throw .notOfLayers(what)
      }
      let (forward, reverse) = (cells.map(\.exchanged), reverseCells.map(\.exchanged))
      let (first, all) = (forward[0], forward + reverse)
      if let other = all.first(where: { $0.cell != first.cell }) {
        throw .mixedCells([first.cell.rawValue, other.cell.rawValue])
      }
      if let other = all.first(where: { $0.gateActivation != first.gateActivation }) {
        throw .mixedGateActivations([first.gateActivation, other.gateActivation])
      }
      let layers = forward.indices.map { layer in
        RecurrentWeights.Layer(
          forward: forward[layer].weights, reverse: isBidirectional ? reverse[layer].weights : nil)
      }
      return try RecurrentWeights(cell: first.cell, gateActivation: first.gateActivation, layers: layers)
    }
  }
}

extension LSTMCell: ExchangeableCell where Scalar: StorableScalar {
  public static func cell(
    _ cell: RecurrentWeights.Cell, gateActivation: GateActivation, _ weights: RecurrentWeights.Direction
  ) -> LSTMCell? {
    guard cell == .lstm else { return nil }
    var made = LSTMCell(
      input: weights.inputSize, hidden: weights.projection?.shape[1] ?? weights.outputSize,
      projection: weights.projection?.shape[0], gateActivation: gateActivation, bias: weights.bothBiases != nil)
    made.weights.take(weights)
    return made
  }

  public var exchanged:
    (cell: RecurrentWeights.Cell, gateActivation: GateActivation, weights: RecurrentWeights.Direction)
  {
    (.lstm, gateActivation, weights.exchanged)
  }
}

extension GRUCell: ExchangeableCell where Scalar: StorableScalar {
  public static func cell(
    _ cell: RecurrentWeights.Cell, gateActivation: GateActivation, _ weights: RecurrentWeights.Direction
  ) -> GRUCell? {
    guard cell == .gru || cell == .gruResetBefore else { return nil }
    var made = GRUCell(
      input: weights.inputSize, hidden: weights.outputSize, reset: cell == .gru ? .afterProduct : .beforeProduct,
      gateActivation: gateActivation, bias: weights.bothBiases != nil)
    made.weights.take(weights)
    return made
  }

  public var exchanged:
    (cell: RecurrentWeights.Cell, gateActivation: GateActivation, weights: RecurrentWeights.Direction)
  {
    (reset == .afterProduct ? .gru : .gruResetBefore, gateActivation, weights.exchanged)
  }
}

extension ElmanCell: ExchangeableCell where Scalar: StorableScalar {
  public static func cell(
    _ cell: RecurrentWeights.Cell, gateActivation: GateActivation, _ weights: RecurrentWeights.Direction
  ) -> ElmanCell? {
    guard cell == .rnn || cell == .rnnReLU else { return nil }
    var made = ElmanCell(
      input: weights.inputSize, hidden: weights.outputSize, activation: cell == .rnn ? .tanh : .relu,
      bias: weights.bothBiases != nil)
    made.weights.take(weights)
    return made
  }

  public var exchanged:
    (cell: RecurrentWeights.Cell, gateActivation: GateActivation, weights: RecurrentWeights.Direction)
  {
    (activation == .tanh ? .rnn : .rnnReLU, .sigmoid, weights.exchanged)
  }
}

extension GatedWeights where Scalar: StorableScalar {
  /// Takes weights of the same shapes.
  fileprivate mutating func take(_ weights: RecurrentWeights.Direction) {
    inputWeight.value = Tensor(weights.inputWeight)!
    recurrentWeight.value = Tensor(weights.recurrentWeight)!
    if let (input, recurrent) = weights.bothBiases {
      inputBias?.value = Tensor(input)!
      recurrentBias?.value = Tensor(recurrent)!
    }
    if let weight = weights.projection { projection?.value = Tensor(weight)! }
  }

  fileprivate var exchanged: RecurrentWeights.Direction {
    func stored(_ parameter: Parameter<Scalar>?) -> StoredTensor? { parameter.map { StoredTensor($0.value) } }
    return .init(
      inputWeight: StoredTensor(inputWeight.value), recurrentWeight: StoredTensor(recurrentWeight.value),
      inputBias: stored(inputBias), recurrentBias: stored(recurrentBias), projection: stored(projection))
  }
}
