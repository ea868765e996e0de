import RecurrentLayers
import TensorCheckpoints

/// `OptimizedLSTMCell`, `LSTMCell`, `GRUCell` and `SimpleCell` of flax 0.12.8 `nnx`.
///
/// Weights are [I, G·H]; gates i, f, g, o and r, z, n, the reset after the product. `LSTMCell` keeps each gate's weights
/// apart. There is one bias: an LSTM's on the recurrent side, the others' on that of the input.
enum FlaxLayout: PackageLayout {
  static let signatures = ["dense_h.kernel", "hi.kernel"]

  static let linearWeightsHaveInputsFirst = true

  static func hasGates(_ activation: GateActivation) -> Bool { activation == .sigmoid }

  static func split(_ name: String) -> (module: String, array: String) { FlaxNames.split(name) }

  static func place(of name: String) -> ArrayPlace? {
    FlaxNames.place(of: name, ["dense_i", "dense_h"] + FlaxNames.lstm.input + FlaxNames.lstm.recurrent)
  }

  static func weights(of arrays: inout LayerArrays) throws(ExchangeError) -> CellWeights {
    if arrays.holds("hi.kernel") { return try FlaxNames.gatesApart(of: &arrays) }
    let recurrent = try arrays.take("dense_h.kernel", rank: 2)
    let input = try arrays.take("dense_i.kernel", rank: 2)
    let cell = try arrays.cell(rows: recurrent.shape[1], hidden: recurrent.shape[0], gru: .gru)
    return CellWeights(
      cell: cell,
      weights: .init(
        inputWeight: input.transposed(), recurrentWeight: recurrent.transposed(),
        inputBias: try arrays.takeIfAny("dense_i.bias"), recurrentBias: try arrays.takeIfAny("dense_h.bias")))
  }

  static func arrays(
    of weights: RecurrentWeights.Direction, _ cell: RecurrentWeights.Cell
  ) throws(ExchangeError) -> [(name: String, tensor: StoredTensor)] {
    try weights.requireNoProjection(.flax)
    var arrays = [
      ("dense_i.kernel", weights.inputWeight.transposed()), ("dense_h.kernel", weights.recurrentWeight.transposed()),
    ]
    switch cell {
    case .gruResetBefore: throw .noCounterpart("a reset gate before the product", .flax)
    case .gru:
      if let (outer, inner) = weights.gruBiases {
        guard inner.isZero else { throw .noCounterpart("a recurrent bias of a GRU, b_hn", .flax) }
        arrays.append(("dense_i.bias", outer))
      }
    case .lstm: if let bias = weights.biasSum { arrays.append(("dense_h.bias", bias)) }
    case .rnn, .rnnReLU: if let bias = weights.biasSum { arrays.append(("dense_i.bias", bias)) }
    }
    return arrays
  }

  static func name(
    of array: String, _ cell: RecurrentWeights.Cell, layer: Int, isReverse: Bool, isBidirectional: Bool
  ) -> String {
    "layers.\(layer).\(isBidirectional ? isReverse ? "backward_rnn." : "forward_rnn." : "")cell.\(array)"
  }
}

/// `LSTMCell`, `OptimizedLSTMCell`, `GRUCell` and `SimpleCell` of flax 0.12.8 `linen`: each gate's weights apart, [I, H]. An
/// LSTM has its biases on the recurrent side; a GRU on that of the input, and one inside the product, `hn`.
enum LinenLayout: PackageLayout {
  static let signatures = ["hi.kernel", "hn.kernel", "h.kernel"]

  static let linearWeightsHaveInputsFirst = true

  static func hasGates(_ activation: GateActivation) -> Bool { activation == .sigmoid }

  static func split(_ name: String) -> (module: String, array: String) { FlaxNames.split(name) }

  static func place(of name: String) -> ArrayPlace? {
    FlaxNames.place(of: name, FlaxNames.cells.flatMap { $0.input + $0.recurrent })
  }

  static func weights(of arrays: inout LayerArrays) throws(ExchangeError) -> CellWeights {
    try FlaxNames.gatesApart(of: &arrays)
  }

  static func arrays(
    of weights: RecurrentWeights.Direction, _ cell: RecurrentWeights.Cell
  ) throws(ExchangeError) -> [(name: String, tensor: StoredTensor)] {
    try weights.requireNoProjection(.flaxLinen)
    if cell == .gruResetBefore { throw .noCounterpart("a reset gate before the product", .flaxLinen) }
    let names = FlaxNames.cells.first { $0.input.count == cell.gateCount }!
    func blocks(_ tensor: StoredTensor, _ names: [String], _ kind: String) -> [(String, StoredTensor)] {
      let rows = tensor.shape[0] / names.count
      return names.enumerated().map { gate, name in
        let block = tensor.rows(gate * rows..<(gate + 1) * rows)
        return ("\(name).\(kind)", kind == "kernel" ? block.transposed() : block)
      }
    }
    var arrays =
      blocks(weights.inputWeight, names.input, "kernel") + blocks(weights.recurrentWeight, names.recurrent, "kernel")
    if cell == .gru, let (outer, inner) = weights.gruBiases {
      arrays += blocks(outer, names.input, "bias") + [("hn.bias", inner)]
    } else if let bias = weights.biasSum {
      arrays += blocks(bias, cell == .lstm ? names.recurrent : names.input, "bias")
    }
    return arrays
  }

  static func name(
    of array: String, _ cell: RecurrentWeights.Cell, layer: Int, isReverse: Bool, isBidirectional: Bool
  ) -> String {
    let direction = isBidirectional ? isReverse ? "backward_rnn/" : "forward_rnn/" : ""
    return "layers_\(layer)/\(direction)cell/\(array.replacing(".", with: "/"))"
  }
}

/// Names of flax: those of both of its interfaces.
private enum FlaxNames {
  /// Parts of a cell, in the order of the gates here.
  struct Cell {
    let input, recurrent: [String]
  }

  static let lstm = Cell(input: ["ii", "if", "ig", "io"], recurrent: ["hi", "hf", "hg", "ho"])
  static let cells = [
    lstm, Cell(input: ["ir", "iz", "in"], recurrent: ["hr", "hz", "hn"]), Cell(input: ["i"], recurrent: ["h"]),
  ]

  /// Parts of a tensor's path. A variable of nnx may be saved as a module with its value.
  private static func parts(of name: String) -> [String] {
    let parts = name.split { $0 == "." || $0 == "/" }.map(String.init)
    return ["value", "raw_value"].contains(parts.last) ? parts.dropLast() : parts
  }

  static func split(_ name: String) -> (module: String, array: String) {
    let parts = parts(of: name)
    return (parts.dropLast().joined(separator: "."), parts.last ?? "")
  }

  static func place(of name: String, _ known: [String]) -> ArrayPlace? {
    var parts = parts(of: name)
    guard parts.count >= 2, let kind = parts.popLast(), ["kernel", "bias"].contains(kind), let part = parts.popLast()
    else { return nil }
    // `if` and `in` are words of Python.
    let array = part.hasSuffix("_") ? String(part.dropLast()) : part
    guard known.contains(array) else { return nil }
    let isReverse = parts.contains("backward_rnn")
    let module = parts.filter { !["cell", "forward_rnn", "backward_rnn"].contains($0) }.joined(separator: ".")
    return ArrayPlace(module: module, isReverse: isReverse, array: "\(array).\(kind)")
  }

  /// Weights of a cell that keeps those of each gate apart.
  static func gatesApart(of arrays: inout LayerArrays) throws(ExchangeError) -> CellWeights {
    guard let names = cells.first(where: { names in names.recurrent.allSatisfy { arrays.holds("\($0).kernel") } })
    else { throw .missing("\(arrays.module) weights of every gate of an LSTM, a GRU or an RNN") }
    func joined(_ names: [String]) throws(ExchangeError) -> StoredTensor {
      var blocks = [try arrays.take("\(names[0]).kernel", rank: 2)]
      for name in names.dropFirst() { blocks.append(try arrays.take("\(name).kernel", shape: blocks[0].shape)) }
      return .joined(blocks.map { $0.transposed() })
    }
    let (input, recurrent) = (try joined(names.input), try joined(names.recurrent))
    let (rows, hidden) = (recurrent.shape[0], recurrent.shape[1])
    guard rows == names.recurrent.count * hidden else {
      throw .shape(
        "\(arrays.module) \(names.recurrent[0]).kernel", found: [hidden, rows / names.recurrent.count],
        wanted: [hidden, hidden])
    }
    let cell = try arrays.cell(rows: rows, hidden: hidden, gru: .gru)
    func bias(_ names: [String]) throws(ExchangeError) -> StoredTensor? {
      var found: [StoredTensor?] = []
      for name in names { found.append(try arrays.takeIfAny("\(name).bias", shape: [hidden])) }
      guard let one = found.compactMap({ $0 }).first else { return nil }
      return .joined(found.map { $0 ?? .zeros([hidden], one.dtype) })
    }
    return CellWeights(
      cell: cell,
      weights: .init(
        inputWeight: input, recurrentWeight: recurrent, inputBias: try bias(names.input),
        recurrentBias: try bias(names.recurrent)))
  }
}
