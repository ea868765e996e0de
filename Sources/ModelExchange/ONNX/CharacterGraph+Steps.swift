import ForeignFiles
import TensorCheckpoints

/// Steps of the cells: operators that compute the states `h_l0` and, of an LSTM, `c_l0` of a layer from `h_before_l0`,
/// `c_before_l0` and `gates_l0`, the contribution of the input to the gates with the biases.
extension CharacterGraph {
  mutating func addStep(_ layer: Int) {
    switch cell.kind {
    case .rnn: addRNNStep(layer)
    case .lstm: addLSTMStep(layer)
    case .gru: addGRUStep(layer)
    }
  }

  private mutating func addRNNStep(_ layer: Int) {
    let sums = addRecurrentSums(layer)
    add(cell.activation, [sums], "h_l\(layer)")
  }

  private mutating func addLSTMStep(_ layer: Int) {
    func at(_ name: String) -> String { "\(name)_l\(layer)" }
    let sums = addRecurrentSums(layer)
    add("Split", [sums], named: at("split"), ["i_sum", "o_sum", "f_sum", "g_sum"].map(at), ["axis": .int(-1)])
    let input = addGate("i", layer, reading: at("c_before"))
    let forget = addGate("f", layer, reading: at("c_before"))
    add("Tanh", [at("g_sum")], at("g"))
    add("Mul", [forget, at("c_before")], at("kept"))
    add("Mul", [input, at("g")], at("added"))
    add("Add", [at("kept"), at("added")], at("c"))
    let output = addGate("o", layer, reading: at("c"))
    add("Tanh", [at("c")], at("squashed"))
    add("Mul", [output, at("squashed")], at("h"))
  }

  /// A gate of an LSTM.
  ///
  /// - Parameter state: the cell state that it sees through its peephole, where it has one.
  private mutating func addGate(_ gate: String, _ layer: Int, reading state: String) -> String {
    var sum = "\(gate)_sum_l\(layer)"
    if !cell.peepholes.isEmpty {
      let peephole = "rnn.weight_c\(gate)_l\(layer)"
      add(StoredTensor(values(peephole), shape: [shape.hidden]), peephole)
      add("Mul", [peephole, state], "\(gate)_seen_l\(layer)")
      sum = add("Add", [sum, "\(gate)_seen_l\(layer)"], "\(gate)_all_l\(layer)")
    }
    return add("Sigmoid", [sum], "\(gate)_l\(layer)")
  }

  /// Gates z and r from one product; the candidate n from the rest of it, or from a product of its own with r·h.
  private mutating func addGRUStep(_ layer: Int) {
    func at(_ name: String) -> String { "\(name)_l\(layer)" }
    let (weight, gates) = (ordered(at("rnn.weight_hh")), 2 * shape.hidden)
    let split = weight.count / 3 * 2
    add(
      "Split", [at("gates"), "gate_parts"], named: at("input_split"), [at("zr_input"), at("n_input")],
      ["axis": .int(-1)])
    if cell.resetsAfterProduct {
      addProduct(at("h_before"), weight, at("rnn.weight_hh"), outputs: rows, at("product_hh"))
      add("Add", [at("product_hh"), at("rnn.bias_hh")], at("recurrent"))
      add(
        "Split", [at("recurrent"), "gate_parts"], named: at("recurrent_split"),
        [at("zr_recurrent"), at("n_recurrent")],
        ["axis": .int(-1)])
    } else {
      addProduct(
        at("h_before"), Array(weight[..<split]), at("rnn.weight_hh") + "_zr", outputs: gates, at("zr_recurrent"))
    }
    add("Add", [at("zr_input"), at("zr_recurrent")], at("zr_sum"))
    add("Sigmoid", [at("zr_sum")], at("zr"))
    add("Split", [at("zr")], named: at("zr_split"), [at("z"), at("r")], ["axis": .int(-1)])
    if cell.resetsAfterProduct {
      add("Mul", [at("r"), at("n_recurrent")], at("n_reset"))
    } else {
      add("Mul", [at("r"), at("h_before")], at("h_reset"))
      addProduct(
        at("h_reset"), Array(weight[split...]), at("rnn.weight_hh") + "_n", outputs: shape.hidden, at("n_reset"))
    }
    add("Add", [at("n_input"), at("n_reset")], at("n_sum"))
    add("Tanh", [at("n_sum")], at("n"))
    add("Sub", [at("h_before"), at("n")], at("difference"))
    add("Mul", [at("z"), at("difference")], at("kept"))
    add("Add", [at("n"), at("kept")], at("h"))
  }

  /// The input's contribution plus the product of h and W_hh.
  private mutating func addRecurrentSums(_ layer: Int) -> String {
    let weight = "rnn.weight_hh_l\(layer)"
    let product = addProduct("h_before_l\(layer)", ordered(weight), weight, outputs: rows, "product_hh_l\(layer)")
    return add("Add", ["gates_l\(layer)", product], "sums_l\(layer)")
  }
}
