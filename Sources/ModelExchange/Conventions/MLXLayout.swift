import RecurrentLayers
import TensorCheckpoints

/// `LSTM`, `GRU` and `RNN` of MLX 0.32.4: weights [G·H, I]; gates i, f, g, o and r, z, n, the reset after the product; one
/// bias, and in a GRU `bhn` inside the product.
enum MLXLayout: PackageLayout {
  static let signatures = ["Wh", "Whh"]

  static let linearWeightsHaveInputsFirst = false

  static func hasGates(_ activation: GateActivation) -> Bool { activation == .sigmoid }

  static func split(_ name: String) -> (module: String, array: String) { name.splittingLast(at: ".") }

  static func place(of name: String) -> ArrayPlace? {
    let (module, array) = split(name)
    return ["Wx", "Wh", "Wxh", "Whh", "bias", "b", "bhn"].contains(array)
      ? ArrayPlace(module: module, array: array) : nil
  }

  static func weights(of arrays: inout LayerArrays) throws(ExchangeError) -> CellWeights {
    let suffix = arrays.holds("Whh") ? "h" : ""
    let recurrent = try arrays.take("Wh" + suffix, rank: 2)
    let input = try arrays.take("Wx" + suffix, rank: 2)
    let hidden = recurrent.shape[1]
    let cell = try arrays.cell(rows: recurrent.shape[0], hidden: hidden, gru: .gru)
    let inner = cell == .gru ? try arrays.takeIfAny("bhn", shape: [hidden]) : nil
    return CellWeights(
      cell: cell,
      weights: .init(
        inputWeight: input, recurrentWeight: recurrent,
        inputBias: try arrays.takeIfAny(cell == .gru ? "b" : "bias"),
        recurrentBias: inner.map { $0.behindZeros(2 * hidden) }))
  }

  static func arrays(
    of weights: RecurrentWeights.Direction, _ cell: RecurrentWeights.Cell
  ) throws(ExchangeError) -> [(name: String, tensor: StoredTensor)] {
    try weights.requireNoProjection(.mlx)
    switch cell {
    case .gruResetBefore: throw .noCounterpart("a reset gate before the product", .mlx)
    case .gru:
      let biases = weights.gruBiases.map { [("b", $0.outer), ("bhn", $0.inner)] } ?? []
      return [("Wx", weights.inputWeight), ("Wh", weights.recurrentWeight)] + biases
    case .lstm, .rnn, .rnnReLU:
      let suffix = cell == .lstm ? "" : "h"
      return [("Wx" + suffix, weights.inputWeight), ("Wh" + suffix, weights.recurrentWeight)]
        + (weights.biasSum.map { [("bias", $0)] } ?? [])
    }
  }

  static func name(
    of array: String, _ cell: RecurrentWeights.Cell, layer: Int, isReverse: Bool, isBidirectional: Bool
  ) throws(ExchangeError) -> String {
    if isBidirectional { throw .noCounterpart("a layer of two directions", .mlx) }
    return "layers.\(layer).\(array)"
  }
}
