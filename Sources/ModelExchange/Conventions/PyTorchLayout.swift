import RecurrentLayers
import TensorCheckpoints

/// `torch.nn.LSTM`, `GRU` and `RNN` (PyTorch 2.15.0), their `…Cell` classes, and classes that name weights alike.
///
/// Weights are [G·H, I]; gates i, f, g, o and r, z, n, the reset after the product; `bias_ih` and `bias_hh`, or one
/// `bias`, with `bias_n` beside it (Equinox 0.13.8); `weight_hr_l0` is a projection.
enum PyTorchLayout: PackageLayout {
  static let signatures = ["weight_hh"]
  private static let names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]

  static let linearWeightsHaveInputsFirst = false

  static func hasGates(_ activation: GateActivation) -> Bool { activation == .sigmoid }

  static func split(_ name: String) -> (module: String, array: String) { name.splittingLast(at: ".") }

  static func place(of name: String) -> ArrayPlace? {
    let (module, last) = split(name)
    for array in names where last.hasPrefix(array) {
      var rest = last.dropFirst(array.count)
      if rest.isEmpty { return ArrayPlace(module: module, array: array) }
      let isReverse = rest.hasSuffix("_reverse")
      if isReverse { rest = rest.dropLast("_reverse".count) }
      guard rest.hasPrefix("_l"), let layer = layerNumber(rest.dropFirst(2)) else { return nil }
      return ArrayPlace(module: module, layer: layer, isReverse: isReverse, array: array)
    }
    return ["bias", "bias_n"].contains(last) ? ArrayPlace(module: module, array: last) : nil
  }

  static func weights(of arrays: inout LayerArrays) throws(ExchangeError) -> CellWeights {
    let recurrent = try arrays.take("weight_hh", rank: 2)
    let input = try arrays.take("weight_ih", rank: 2)
    let projection = try arrays.takeIfAny("weight_hr", ranks: 2...2)
    let (rows, hidden) = (recurrent.shape[0], projection?.shape[1] ?? recurrent.shape[1])
    let cell = try arrays.cell(rows: rows, hidden: hidden, gru: .gru)
    var (inputBias, recurrentBias) = (try arrays.takeIfAny("bias_ih"), try arrays.takeIfAny("bias_hh"))
    if inputBias == nil && recurrentBias == nil {
      inputBias = try arrays.takeIfAny("bias")
      if cell == .gru, let bias = try arrays.takeIfAny("bias_n", shape: [hidden]) {
        recurrentBias = bias.behindZeros(2 * hidden)
      }
    }
    return CellWeights(
      cell: cell,
      weights: .init(
        inputWeight: input, recurrentWeight: recurrent, inputBias: inputBias, recurrentBias: recurrentBias,
        projection: projection))
  }

  static func arrays(
    of weights: RecurrentWeights.Direction, _ cell: RecurrentWeights.Cell
  ) throws(ExchangeError) -> [(name: String, tensor: StoredTensor)] {
    if cell == .gruResetBefore { throw .noCounterpart("a reset gate before the product", .pytorch) }
    let biases = weights.bothBiases
    return [
      ("weight_ih", weights.inputWeight), ("weight_hh", weights.recurrentWeight), ("bias_ih", biases?.input),
      ("bias_hh", biases?.recurrent), ("weight_hr", weights.projection),
    ].compactMap { name, tensor in tensor.map { (name, $0) } }
  }

  static func name(
    of array: String, _ cell: RecurrentWeights.Cell, layer: Int, isReverse: Bool, isBidirectional: Bool
  ) -> String { "\(array)_l\(layer)\(isReverse ? "_reverse" : "")" }
}
