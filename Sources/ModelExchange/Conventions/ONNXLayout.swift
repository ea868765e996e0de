import RecurrentLayers
import TensorCheckpoints

/// The operators RNN, LSTM and GRU of ONNX (opset 22): `W` [directions, G·H, I], `R` [directions, G·H, H], `B`
/// [directions, 2·G·H]; gates i, o, f, g and z, r, n. Where the reset gate stands is an attribute, `linear_before_reset`.
enum ONNXLayout: PackageLayout {
  static let signatures = ["R"]

  /// `decoder.weight` is written so by ``ONNXLayers``.
  static let linearWeightsHaveInputsFirst = false

  static func hasGates(_ activation: GateActivation) -> Bool { true }

  static func split(_ name: String) -> (module: String, array: String) { name.splittingLast(at: ".") }

  static func place(of name: String) -> ArrayPlace? {
    let (module, array) = split(name)
    return ["W", "R", "B"].contains(array) ? ArrayPlace(module: module, array: array) : nil
  }

  static func weights(of arrays: inout LayerArrays) throws(ExchangeError) -> CellWeights {
    let recurrent = try arrays.take("R", rank: 3)
    let (directions, rows) = (recurrent.shape[0], recurrent.shape[1])
    guard directions <= 2 else { throw .shape("\(arrays.module) R", found: recurrent.shape, wanted: nil) }
    let input = try arrays.take("W", shape: [directions, rows, nil])
    let cell = try arrays.cell(rows: rows, hidden: recurrent.shape[2], gru: nil)
    let bias = try arrays.takeIfAny("B", shape: [directions, 2 * rows])
    func ours(_ tensor: StoredTensor) -> StoredTensor { tensor.takingBlocks(order(of: cell), of: cell.gateCount) }
    func direction(_ index: Int) -> RecurrentWeights.Direction {
      func part(_ tensor: StoredTensor) -> StoredTensor {
        tensor.rows(index..<index + 1).reshaped(Array(tensor.shape.dropFirst()))
      }
      let biases = bias.map { bias in (0..<2).map { part(bias).rows($0 * rows..<($0 + 1) * rows) } }
      return .init(
        inputWeight: ours(part(input)), recurrentWeight: ours(part(recurrent)), inputBias: biases.map { ours($0[0]) },
        recurrentBias: biases.map { ours($0[1]) })
    }
    return CellWeights(cell: cell, weights: direction(0), reverse: directions == 2 ? direction(1) : nil)
  }

  /// Positions there of the gates here.
  private static func order(of cell: RecurrentWeights.Cell) -> [Int] {
    switch cell.gateCount {
    case 4: [0, 2, 3, 1]
    case 3: [1, 0, 2]
    default: [0]
    }
  }

  static func arrays(
    of weights: RecurrentWeights.Direction, _ cell: RecurrentWeights.Cell
  ) throws(ExchangeError) -> [(name: String, tensor: StoredTensor)] {
    try weights.requireNoProjection(.onnx)
    let order = order(of: cell)
    let inverse = order.indices.map { order.firstIndex(of: $0)! }
    func theirs(_ tensor: StoredTensor) -> StoredTensor {
      let blocks = tensor.takingBlocks(inverse, of: cell.gateCount)
      return blocks.reshaped([1] + blocks.shape)
    }
    var arrays = [("W", theirs(weights.inputWeight)), ("R", theirs(weights.recurrentWeight))]
    if let (input, recurrent) = weights.bothBiases {
      let both = [theirs(input), theirs(recurrent)].map { $0.reshaped([$0.count]) }
      arrays.append(("B", StoredTensor.joined(both).reshaped([1, 2 * input.count])))
    }
    return arrays
  }

  static func name(
    of array: String, _ cell: RecurrentWeights.Cell, layer: Int, isReverse: Bool, isBidirectional: Bool
  ) -> String { "layers.\(layer).\(array)" }
}
