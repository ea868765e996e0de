import ForeignFiles
import LanguageModels
import TensorCheckpoints
import TensorCore

extension ONNXModel {
  /// A character model as a graph of standard operators (operator set 17, format version 8).
  ///
  /// Inputs and outputs, where "time" and "batch" may have any size:
  /// - `tokens`, int64 [time, batch]: positions of symbols in the vocabulary.
  /// - `h0`, and of an LSTM `c0`, float [layers, batch, hidden]: the state before the first token. Where it is left out it is
  ///   the initial one, zeros or learned; a batch of 1 is repeated for every sequence.
  /// - `logits`, float [time, batch, vocabulary]: scores for the token after each.
  /// - `hn`, and of an LSTM `cn`, [layers, batch, hidden]: the state after the last token.
  ///
  /// The metadata are those of the model's checkpoint: `architecture`, `tokens`, `vocabulary`, and `history` where it is known.
  ///
  /// - Throws: `ONNXExportError` where ONNX has no operator for the cell.
  public init(_ file: ModelFile<Float>) throws(ONNXExportError) {
    let checkpoint = file.checkpoint
    var builder = try CharacterGraph(file.model.shape, weights: checkpoint.tensors)
    self.init(
      formatVersion: 8, operatorSets: ["": 17], producerName: "charrnn", metadata: checkpoint.metadata,
      graph: builder.graph())
  }
}

/// The graph of a character model.
private struct CharacterGraph {
  private let shape: ModelShape
  private let cell: RecurrentOperator
  private let weights: [String: StoredTensor]
  private var nodes: [ONNXNode] = []
  private var constants: [(name: String, tensor: StoredTensor)] = []

  init(_ shape: ModelShape, weights: [String: StoredTensor]) throws(ONNXExportError) {
    cell = try RecurrentOperator(for: shape.architecture)
    (self.shape, self.weights) = (shape, weights)
  }

  mutating func graph() -> ONNXGraph {
    let (layers, hidden) = (shape.layers, shape.hidden)
    addStates()
    var value = addInput()
    for layer in 0..<layers { value = addLayer(layer, reading: value) }
    addDecoder(reading: value)
    func state(_ name: String, batch: String) -> ONNXValue {
      ONNXValue(name, dtype: .f32, shape: [.size(layers), .named(batch), .size(hidden)])
    }
    return ONNXGraph(
      name: "character_model", nodes: nodes, initializers: NamedTensors(constants),
      inputs: [ONNXValue("tokens", dtype: .i64, shape: [.named("time"), .named("batch")])]
        + cell.states.map { state("\($0.letter)0", batch: "state_batch") },
      outputs: [
        ONNXValue("logits", dtype: .f32, shape: [.named("time"), .named("batch"), .size(shape.vocabulary)])
      ] + cell.states.map { state("\($0.letter)n", batch: "batch") })
  }

  // MARK: Parts of the graph

  /// The initial states as defaults of inputs, and their parts for each layer.
  private mutating func addStates() {
    let (layers, hidden) = (shape.layers, shape.hidden)
    add("Shape", ["tokens"], "batch", ["start": .int(1), "end": .int(2)])
    constants.append(("layers", StoredTensor([Int64(layers)], shape: [1])))
    constants.append(("hidden", StoredTensor([Int64(hidden)], shape: [1])))
    add("Concat", ["layers", "batch", "hidden"], "state_shape", ["axis": .int(0)])
    for (letter, name) in cell.states {
      let initial = (0..<layers).flatMap { layer in
        shape.learnsInitialState
          ? values("rnn.initial_\(name)_l\(layer)") : [Float](repeating: 0, count: hidden)
      }
      constants.append(("\(letter)0", StoredTensor(initial, shape: [layers, 1, hidden])))
      add("Expand", ["\(letter)0", "state_shape"], "\(letter)0_all")
      nodes.append(
        ONNXNode(
          "Split", name: "\(letter)0_layers", inputs: ["\(letter)0_all"],
          outputs: (0..<layers).map { "\(letter)0_l\($0)" }, attributes: ["axis": .int(0)]))
    }
  }

  /// The lowest layer's input: embeddings, or rows for one-hot tokens.
  ///
  /// The recurrent operators take no one-hot tokens. Of two products with the identity that make up for that the smaller one
  /// is chosen: one-hot vectors as input, or columns of the input's weight, which then enter each gate as they are.
  private mutating func addInput() -> String {
    let rows = cell.gates.count * shape.hidden
    let inputWeight = "rnn.weight_ih_l0"
    if shape.embedding > 0 {
      constants.append(("encoder.weight", weight("encoder.weight")))
      add("Gather", ["encoder.weight", "tokens"], "x")
      addInputWeight(0)
    } else if shape.vocabulary <= rows {
      constants.append(("one_hot", Self.identity(shape.vocabulary, shape: [shape.vocabulary, shape.vocabulary])))
      add("Gather", ["one_hot", "tokens"], "x")
      addInputWeight(0)
    } else {
      let (weight, columns) = (cell.ordered(values(inputWeight)), shape.vocabulary)
      let transposed = (0..<columns).flatMap { column in (0..<rows).map { weight[$0 * columns + column] } }
      constants.append(("columns", StoredTensor(transposed, shape: [columns, rows])))
      add("Gather", ["columns", "tokens"], "x")
      constants.append((inputWeight, Self.identity(rows, shape: [1, rows, rows])))
    }
    return "x"
  }

  private mutating func addInputWeight(_ layer: Int) {
    let name = "rnn.weight_ih_l\(layer)"
    let rows = cell.gates.count * shape.hidden
    let values = cell.ordered(values(name))
    constants.append((name, StoredTensor(values, shape: [1, rows, values.count / rows])))
  }

  /// - Returns: the name of the layer's output, [time, batch, hidden].
  private mutating func addLayer(_ layer: Int, reading input: String) -> String {
    let (hidden, rows) = (shape.hidden, cell.gates.count * shape.hidden)
    if layer > 0 { addInputWeight(layer) }
    let recurrent = "rnn.weight_hh_l\(layer)"
    constants.append((recurrent, StoredTensor(cell.ordered(values(recurrent)), shape: [1, rows, hidden])))
    let biases = ["ih", "hh"].flatMap { cell.ordered(values("rnn.bias_\($0)_l\(layer)")) }
    constants.append(("rnn.bias_l\(layer)", StoredTensor(biases, shape: [1, 2 * rows])))
    var inputs = [input, "rnn.weight_ih_l\(layer)", recurrent, "rnn.bias_l\(layer)", ""]
    inputs += cell.states.map { "\($0.letter)0_l\(layer)" }
    if !cell.peepholes.isEmpty {
      let peepholes = cell.peepholes.flatMap { values("rnn.\($0)_l\(layer)") }
      constants.append(("rnn.peepholes_l\(layer)", StoredTensor(peepholes, shape: [1, peepholes.count])))
      inputs.append("rnn.peepholes_l\(layer)")
    }
    nodes.append(
      ONNXNode(
        cell.name, name: "layer_\(layer)", inputs: inputs,
        outputs: ["y_l\(layer)"] + cell.states.map { "\($0.letter)n_l\(layer)" },
        attributes: cell.attributes.merging(["hidden_size": .int(hidden)]) { $1 }))
    // The output has an axis for the direction.
    if layer == 0 { constants.append(("direction_axis", StoredTensor([1 as Int64], shape: [1]))) }
    add("Squeeze", ["y_l\(layer)", "direction_axis"], "output_l\(layer)")
    guard shape.residual && layer > 0 else { return "output_l\(layer)" }
    add("Add", [input, "output_l\(layer)"], "sum_l\(layer)")
    return "sum_l\(layer)"
  }

  private mutating func addDecoder(reading input: String) {
    let decoder = shape.isTied ? "encoder.weight" : "decoder.weight"
    if !shape.isTied { constants.append((decoder, weight(decoder))) }
    constants.append(("decoder.bias", weight("decoder.bias")))
    add("Transpose", [decoder], "decoder_columns", ["perm": .ints([1, 0])])
    add("MatMul", [input, "decoder_columns"], "scores")
    add("Add", ["scores", "decoder.bias"], "logits")
    for (letter, _) in cell.states {
      add("Concat", (0..<shape.layers).map { "\(letter)n_l\($0)" }, "\(letter)n", ["axis": .int(0)])
    }
  }

  // MARK: Pieces

  /// Adds an operator of one output, after which the node is called.
  private mutating func add(
    _ operation: String, _ inputs: [String], _ output: String, _ attributes: [String: ONNXAttribute] = [:]
  ) {
    nodes.append(ONNXNode(operation, name: output, inputs: inputs, outputs: [output], attributes: attributes))
  }

  private func weight(_ name: String) -> StoredTensor { StoredTensor(values(name), shape: weights[name]!.shape) }

  private func values(_ name: String) -> [Float] { weights[name]!.values()! }

  private static func identity(_ size: Int, shape: [Int]) -> StoredTensor {
    StoredTensor((0..<size * size).map { $0 % (size + 1) == 0 ? 1 as Float : 0 }, shape: shape)
  }
}
