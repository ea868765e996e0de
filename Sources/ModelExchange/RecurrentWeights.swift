import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// Weights of recurrent layers one above the other, in the conventions of this package, which are PyTorch's.
///
/// It is what the conventions of all packages are converted to and from: see ``WeightConvention``. Numbers keep the
/// type that they were stored with; those that a package keeps in one array get the wider of their types.
public struct RecurrentWeights: Sendable, Equatable {
  /// Recurrence that the weights are of.
  public enum Cell: String, Sendable, CaseIterable {
    /// h' = tanh(…).
    case rnn
    /// h' = ReLU(…).
    case rnnReLU = "rnn-relu"
    /// Gates i, f, g, o.
    case lstm
    /// Gates r, z, n; the reset gate acts on the product r·(h·W_hnᵀ + b_hn).
    case gru
    /// Gates r, z, n; the reset gate acts on the state, (r·h)·W_hnᵀ + b_hn.
    case gruResetBefore = "gru-reset-before"

    /// Blocks of rows in a weight.
    public var gateCount: Int {
      switch self {
      case .rnn, .rnnReLU: 1
      case .lstm: 4
      case .gru, .gruResetBefore: 3
      }
    }
  }

  /// Weights of a layer in one direction; G gates of H units, I inputs, O outputs (O = H without projection).
  public struct Direction: Sendable, Equatable {
    /// W_ih, [G·H, I].
    public var inputWeight: StoredTensor
    /// W_hh, [G·H, O].
    public var recurrentWeight: StoredTensor
    /// b_ih, [G·H].
    public var inputBias: StoredTensor?
    /// b_hh, [G·H].
    public var recurrentBias: StoredTensor?
    /// W_hr, [O, H], of an LSTM with a projection.
    public var projection: StoredTensor?

    public init(
      inputWeight: StoredTensor, recurrentWeight: StoredTensor, inputBias: StoredTensor? = nil,
      recurrentBias: StoredTensor? = nil, projection: StoredTensor? = nil
    ) {
      (self.inputWeight, self.recurrentWeight) = (inputWeight, recurrentWeight)
      (self.inputBias, self.recurrentBias, self.projection) = (inputBias, recurrentBias, projection)
    }

    /// I; 0 where the input weight has no axes.
    public var inputSize: Int { inputWeight.shape.last ?? 0 }
    /// O; 0 where the recurrent weight has no axes.
    public var outputSize: Int { recurrentWeight.shape.last ?? 0 }
  }

  /// A layer of one or two directions.
  public struct Layer: Sendable, Equatable {
    public var forward: Direction
    /// Weights of the direction that reads sequences from their end; nil in a layer of one direction.
    public var reverse: Direction?

    public init(forward: Direction, reverse: Direction? = nil) { (self.forward, self.reverse) = (forward, reverse) }

    /// Forward, then reverse.
    var directions: [Direction] { [forward] + (reverse.map { [$0] } ?? []) }
    /// Width of the outputs, those of both directions side by side.
    public var outputSize: Int { directions.reduce(0) { $0 + $1.outputSize } }
  }

  public let cell: Cell
  /// Function of the gates of an LSTM or a GRU, the same in all layers.
  public let gateActivation: GateActivation
  /// The layers, the lowest first.
  public let layers: [Layer]

  /// Weights of layers that fit together.
  ///
  /// - Parameter gateActivation: function of the gates; the sigmoid of a cell without any.
  /// - Throws: `ExchangeError` where there is no layer, a shape does not fit the cell, the layer below or the other
  ///   direction, or the cell has no such gates.
  public init(
    cell: Cell, gateActivation: GateActivation, layers: [Layer]
  ) throws(ExchangeError) {
    (self.cell, self.gateActivation, self.layers) = (cell, gateActivation, layers)
    guard let first = layers.first else { throw .noRecurrentLayer }
    guard gateActivation.isValid, cell.gateCount > 1 || gateActivation == .sigmoid else {
      throw .gateActivation(gateActivation, cell)
    }
    var width = first.forward.inputSize
    for (index, layer) in layers.enumerated() {
      if (layer.reverse == nil) != (first.reverse == nil) { throw .mixedDirections(layer: index) }
      for direction in layer.directions {
        try direction.requireShapes(cell: cell, input: width, layer: index)
      }
      width = layer.outputSize
    }
  }

  /// Other layers of the same cell and gates.
  func replacing(layers: [Layer]) throws(ExchangeError) -> RecurrentWeights {
    try RecurrentWeights(cell: cell, gateActivation: gateActivation, layers: layers)
  }

  public var isBidirectional: Bool { layers[0].reverse != nil }
  /// Width of the input.
  public var inputSize: Int { layers[0].forward.inputSize }
  /// Width of the top layer's output.
  public var outputSize: Int { layers[layers.count - 1].outputSize }
}

extension RecurrentWeights.Direction {
  fileprivate func requireShapes(cell: RecurrentWeights.Cell, input: Int, layer: Int) throws(ExchangeError) {
    for (name, matrix) in [
      ("recurrent weight", recurrentWeight), ("input weight", inputWeight), ("projection", projection),
    ] as [(String, StoredTensor?)] {
      guard let shape = matrix?.shape else { continue }
      guard shape.count == 2, shape.allSatisfy({ $0 > 0 }) else {
        throw .shape("the \(name) of layer \(layer)", found: shape, wanted: nil)
      }
    }
    let (rows, output) = (recurrentWeight.shape[0], recurrentWeight.shape[1])
    let hidden = projection?.shape[1] ?? output
    let expected: [(name: String, tensor: StoredTensor?, shape: [Int])] = [
      ("recurrent weight", recurrentWeight, [cell.gateCount * hidden, output]),
      ("input weight", inputWeight, [rows, input]),
      ("input bias", inputBias, [rows]),
      ("recurrent bias", recurrentBias, [rows]),
      ("projection", projection, [output, hidden]),
    ]
    for (name, tensor, shape) in expected {
      guard let tensor else { continue }
      guard tensor.shape == shape else {
        throw .shape("the \(name) of layer \(layer)", found: tensor.shape, wanted: shape)
      }
      guard tensor.isFloatingPoint else { throw .type("the \(name) of layer \(layer)", tensor.dtype) }
    }
    if projection != nil && (cell != .lstm || output >= hidden) { throw .projection(layer: layer) }
  }
}
