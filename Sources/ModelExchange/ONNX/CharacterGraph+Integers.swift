import ForeignFiles
import TensorCheckpoints

/// Layers whose products are those of `ProductFormat.int8Weights`: sums of products of integers, which are exact, times a scale
/// for each row and column.
extension CharacterGraph {
  mutating func addIntegerConstants() {
    add(StoredTensor([127 as Float], shape: []), "largest_integer")
    add(StoredTensor([Float(IntegerWeight.zeroPoint)], shape: []), "zero")
    add(StoredTensor([IntegerWeight.zeroPoint], shape: []), "zero_point")
    // Takes the place of smaller magnitudes, so that 127 over it is finite.
    add(StoredTensor([0x1p-119 as Float], shape: []), "least_magnitude")
    if cell.kind == .gru {
      add(StoredTensor([2 * Int64(shape.hidden), Int64(shape.hidden)], shape: [2]), "gate_parts")
    }
  }

  /// Adds a product of the rows of `input` and a weight [outputs, inputs].
  ///
  /// Both sides are unsigned bytes with a zero point: on processors without VNNI onnxruntime adds pairs of products of unsigned
  /// and signed bytes in 16 bits, which saturate. The scales are multiplied by `MatMul`, because onnxruntime 1.32.0 replaces a `Mul`
  /// of scales after a `MatMulInteger`, with the bias, by an operator that multiplies the bias by the scales of rows too.
  @discardableResult
  mutating func addProduct(
    _ input: String, _ weight: [Float], _ name: String, outputs: Int, _ product: String
  ) -> String {
    let weight = IntegerWeight(weight, outputs: outputs)
    add(weight.integers, name)
    add(weight.scales, "\(name)_scales")
    add("Abs", [input], "\(product)_magnitudes")
    add("ReduceMax", ["\(product)_magnitudes"], "\(product)_maximum", ["axes": .ints([-1])])
    let largest = add("Max", ["\(product)_maximum", "least_magnitude"], "\(product)_largest")
    add("Div", ["largest_integer", largest], "\(product)_inverse")
    add("Mul", [input, "\(product)_inverse"], "\(product)_multiples")
    add("Round", ["\(product)_multiples"], "\(product)_integers")  // ties to even
    add("Add", ["\(product)_integers", "zero"], "\(product)_shifted")
    add("Cast", ["\(product)_shifted"], "\(product)_bytes", ["to": .int(2)])  // uint8
    add("MatMulInteger", ["\(product)_bytes", name, "zero_point", "zero_point"], "\(product)_sums")
    add("Cast", ["\(product)_sums"], "\(product)_totals", ["to": .int(1)])  // float
    add("Div", [largest, "largest_integer"], "\(product)_scale")
    add("MatMul", ["\(product)_scale", "\(name)_scales"], "\(product)_scales")
    return add("Mul", ["\(product)_totals", "\(product)_scales"], product)
  }

  /// The layer as a `Scan` over the contributions of its input, with the outputs of the cell's operator.
  mutating func addScan(_ layer: Int, reading input: String) {
    let hasTokens = layer == 0 && shape.embedding == 0
    let weight = "rnn.weight_ih_l\(layer)"
    let products =
      hasTokens ? input : addProduct(input, ordered(weight), weight, outputs: rows, "product_l\(layer)")
    var bias = ordered("rnn.bias_ih_l\(layer)")
    let recurrentBias = ordered("rnn.bias_hh_l\(layer)")
    if cell.resetsAfterProduct {
      add(StoredTensor(recurrentBias, shape: [rows]), "rnn.bias_hh_l\(layer)")
    } else {
      bias = zip(bias, recurrentBias).map { $0 + $1 }
    }
    add(StoredTensor(bias, shape: [rows]), "rnn.bias_l\(layer)")
    add("Add", [products, "rnn.bias_l\(layer)"], "input_l\(layer)")
    add(
      "Scan", cell.states.map { "\($0.letter)0_l\(layer)" } + ["input_l\(layer)"], named: "layer_\(layer)",
      cell.states.map { "\($0.letter)n_l\(layer)" } + ["y_l\(layer)"],
      ["body": .graph(step(layer)), "num_scan_inputs": .int(1)])
  }

  /// A step: from the states before it, and the input's contribution to the gates, those after it and the output.
  private mutating func step(_ layer: Int) -> ONNXGraph {
    let nodes = innerNodes { graph in
      graph.addStep(layer)
      graph.add("Identity", ["h_l\(layer)"], "y_step_l\(layer)")
    }
    func state(_ name: String) -> ONNXValue {
      ONNXValue("\(name)_l\(layer)", dtype: .f32, shape: [.size(1), .named("batch"), .size(shape.hidden)])
    }
    let gates = ONNXValue("gates_l\(layer)", dtype: .f32, shape: [.named("batch"), .size(rows)])
    return ONNXGraph(
      name: "step_\(layer)", nodes: nodes, inputs: cell.states.map { state("\($0.letter)_before") } + [gates],
      outputs: cell.states.map { state($0.letter) } + [state("y_step")])
  }
}
