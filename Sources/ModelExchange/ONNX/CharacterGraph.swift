import ForeignFiles
import LanguageModels
import TensorCheckpoints

/// The graph of a character model.
struct CharacterGraph {
  let shape: ModelShape
  let cell: RecurrentOperator
  let format: ONNXWeightFormat
  private let weights: [String: StoredTensor]
  private var nodes: [ONNXNode] = []
  private var constants: [(name: String, tensor: StoredTensor)] = []

  init(_ shape: ModelShape, weights: [String: StoredTensor], format: ONNXWeightFormat) throws(ONNXExportError) {
    cell = try RecurrentOperator(for: shape.architecture)
    (self.shape, self.weights, self.format) = (shape, weights, format)
  }

  mutating func graph() -> ONNXGraph {
    let (layers, hidden) = (shape.layers, shape.hidden)
    if format == .int8 { addIntegerConstants() }
    addStates()
    var value = format == .int8 ? addTokens() : addInput()
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
    add(StoredTensor([Int64(layers)], shape: [1]), "layers")
    add(StoredTensor([Int64(hidden)], shape: [1]), "hidden")
    add("Concat", ["layers", "batch", "hidden"], "state_shape", ["axis": .int(0)])
    for (letter, name) in cell.states {
      let initial = (0..<layers).flatMap { layer in
        shape.learnsInitialState
          ? values("rnn.initial_\(name)_l\(layer)") : [Float](repeating: 0, count: hidden)
      }
      add(StoredTensor(initial, shape: [layers, 1, hidden]), "\(letter)0")
      add("Expand", ["\(letter)0", "state_shape"], "\(letter)0_all")
      add(
        "Split", ["\(letter)0_all"], named: "\(letter)0_layers", (0..<layers).map { "\(letter)0_l\($0)" },
        ["axis": .int(0)])
    }
  }

  /// The lowest layer's input: embeddings, or rows for one-hot tokens.
  ///
  /// The recurrent operators take no one-hot tokens. Of two products with the identity that make up for that the smaller one
  /// is chosen: one-hot vectors as input, or columns of the input's weight, which then enter each gate as they are.
  private mutating func addInput() -> String {
    if shape.embedding == 0 && shape.vocabulary > rows {
      addTokens()
      add(Self.identity(rows, shape: [1, rows, rows]), "rnn.weight_ih_l0")
      return "x"
    }
    if shape.embedding == 0 {
      add(Self.identity(shape.vocabulary, shape: [shape.vocabulary, shape.vocabulary]), "one_hot")
      add("Gather", ["one_hot", "tokens"], "x")
    } else {
      addTokens()
    }
    addInputWeight(0)
    return "x"
  }

  /// The embedding of each token, or where there is none its column of the input's weight.
  @discardableResult
  private mutating func addTokens() -> String {
    if shape.embedding > 0 {
      add(weight("encoder.weight"), "encoder.weight")
      return add("Gather", ["encoder.weight", "tokens"], "x")
    }
    let (weight, columns, rows) = (ordered("rnn.weight_ih_l0"), shape.vocabulary, rows)
    let transposed = (0..<columns).flatMap { column in (0..<rows).map { weight[$0 * columns + column] } }
    add(StoredTensor(transposed, shape: [columns, rows]), "columns")
    return add("Gather", ["columns", "tokens"], "x")
  }

  private mutating func addInputWeight(_ layer: Int) {
    let name = "rnn.weight_ih_l\(layer)"
    let values = ordered(name)
    add(StoredTensor(values, shape: [1, rows, values.count / rows]), name)
  }

  /// - Returns: the name of the layer's output, [time, batch, hidden].
  private mutating func addLayer(_ layer: Int, reading input: String) -> String {
    if format == .int8 { addScan(layer, reading: input) } else { addOperator(layer, reading: input) }
    // The output has an axis for the direction.
    if layer == 0 { add(StoredTensor([1 as Int64], shape: [1]), "direction_axis") }
    let output = add("Squeeze", ["y_l\(layer)", "direction_axis"], "output_l\(layer)")
    guard shape.residual && layer > 0 else { return output }
    return add("Add", [input, output], "sum_l\(layer)")
  }

  /// The layer as the operator of its cell: output `y_l0`, [time, 1, batch, hidden], and states `hn_l0`, [1, batch, hidden].
  private mutating func addOperator(_ layer: Int, reading input: String) {
    if layer > 0 { addInputWeight(layer) }
    let recurrent = "rnn.weight_hh_l\(layer)"
    add(StoredTensor(ordered(recurrent), shape: [1, rows, shape.hidden]), recurrent)
    let biases = ["ih", "hh"].flatMap { ordered("rnn.bias_\($0)_l\(layer)") }
    add(StoredTensor(biases, shape: [1, 2 * rows]), "rnn.bias_l\(layer)")
    var inputs = [input, "rnn.weight_ih_l\(layer)", recurrent, "rnn.bias_l\(layer)", ""]
    inputs += cell.states.map { "\($0.letter)0_l\(layer)" }
    if !cell.peepholes.isEmpty {
      let peepholes = cell.peepholes.flatMap { values("rnn.\($0)_l\(layer)") }
      add(StoredTensor(peepholes, shape: [1, peepholes.count]), "rnn.peepholes_l\(layer)")
      inputs.append("rnn.peepholes_l\(layer)")
    }
    add(
      cell.kind.rawValue, inputs, named: "layer_\(layer)",
      ["y_l\(layer)"] + cell.states.map { "\($0.letter)n_l\(layer)" },
      cell.attributes.merging(["hidden_size": .int(shape.hidden)]) { $1 })
  }

  private mutating func addDecoder(reading input: String) {
    let decoder = shape.isTied ? "encoder.weight" : "decoder.weight"
    if format == .int8 {
      addProduct(input, values(decoder), "decoder.weight", outputs: shape.vocabulary, "scores")
    } else {
      if !shape.isTied { add(weight(decoder), decoder) }
      add("Transpose", [decoder], "decoder_columns", ["perm": .ints([1, 0])])
      add("MatMul", [input, "decoder_columns"], "scores")
    }
    add(weight("decoder.bias"), "decoder.bias")
    add("Add", ["scores", "decoder.bias"], "logits")
    for (letter, _) in cell.states {
      add("Concat", (0..<shape.layers).map { "\(letter)n_l\($0)" }, "\(letter)n", ["axis": .int(0)])
    }
  }

  // MARK: Pieces

  /// Rows of the weights of a layer: a unit each, gate by gate.
  var rows: Int { cell.gates.count * shape.hidden }

  /// Adds an operator of one output, after which the node is called.
  @discardableResult
  mutating func add(
    _ operation: String, _ inputs: [String], _ output: String, _ attributes: [String: ONNXAttribute] = [:]
  ) -> String {
    add(operation, inputs, named: output, [output], attributes)
    return output
  }

  mutating func add(
    _ operation: String, _ inputs: [String], named name: String, _ outputs: [String],
    _ attributes: [String: ONNXAttribute] = [:]
  ) {
    nodes.append(ONNXNode(operation, name: name, inputs: inputs, outputs: outputs, attributes: attributes))
  }

  /// Adds a constant.
  mutating func add(_ tensor: StoredTensor, _ name: String) { constants.append((name, tensor)) }

  /// Operators that `build` adds, which become those of a graph within this one. Constants stay in this one.
  mutating func innerNodes(_ build: (inout Self) -> Void) -> [ONNXNode] {
    let outer = nodes
    nodes = []
    defer { nodes = outer }
    build(&self)
    return nodes
  }

  private func weight(_ name: String) -> StoredTensor { StoredTensor(values(name), shape: weights[name]!.shape) }

  func values(_ name: String) -> [Float] { weights[name]!.values()! }

  /// Values of a parameter of a layer, gate by gate in the operator's order.
  func ordered(_ name: String) -> [Float] { cell.ordered(values(name)) }

  private static func identity(_ size: Int, shape: [Int]) -> StoredTensor {
    StoredTensor((0..<size * size).map { $0 % (size + 1) == 0 ? 1 as Float : 0 }, shape: shape)
  }
}
