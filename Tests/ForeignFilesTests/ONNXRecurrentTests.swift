import CharrnnFuzzing
import CharrnnTestSupport
import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// Recurrent nodes come with their attributes and weights, in ONNX's order of gates.
@Suite struct ONNXRecurrentTests {
  private func nodes(_ name: String) throws -> [ONNXRecurrent] {
    try ONNXModel(fixture("\(name).onnx")).recurrentNodes()
  }

  /// Rows of a ruled matrix by gate: of PyTorch's order to that of ONNX.
  private func gates(_ order: [Int], units: Int, columns: Int, number: Float) -> [Float] {
    let all = ruled(order.count * units * columns, number: number)
    return order.flatMap { all[$0 * units * columns..<($0 + 1) * units * columns] }
  }

  @Test func everyAttributeIsRead() throws {
    let nodes = try nodes("recurrent")
    #expect(nodes.map(\.kind) == [.lstm, .gru, .rnn] && nodes.map(\.name) == ["lstm", "z", "rnn"])
    let (lstm, gru, rnn) = (nodes[0], nodes[1], nodes[2])
    #expect(lstm.direction == .reverse && lstm.hiddenSize == 2 && lstm.clip == 3 && lstm.path == [])
    #expect(lstm.couplesInputAndForget && lstm.isBatchFirst && lstm.input == "x" && lstm.outputs == ["y", "hn"])
    #expect(lstm.activations == ["Sigmoid", "Tanh", "Tanh"])
    #expect(lstm.inputWeight == StoredTensor(ruled(24), shape: [1, 8, 3]))
    #expect(lstm.recurrentWeight == StoredTensor(ruled(16, number: 1), shape: [1, 8, 2]))
    #expect(lstm.bias == StoredTensor(ruled(16, number: 2), shape: [1, 16]))
    #expect(lstm.peepholes == StoredTensor(ruled(6, number: 3), shape: [1, 6]))
    #expect(gru.direction == .bidirectional && gru.resetsAfterProduct && gru.bias == nil && gru.clip == nil)
    #expect(gru.activations == ["Sigmoid", "LeakyRelu", "Sigmoid", "LeakyRelu"] && gru.activationAlpha == [0.5, 0.25])
    #expect(gru.inputWeight == StoredTensor(ruled(24, number: 4), shape: [2, 6, 2]))
    #expect(rnn.direction == .forward && rnn.hiddenSize == 1 && rnn.outputs == ["", "last"] && !rnn.isBatchFirst)
    #expect(rnn.activations == ["ScaledTanh"] && rnn.activationAlpha == [2] && rnn.activationBeta == [0.5])
  }

  @Test func weightsInABranchAreFolded() throws {
    let nodes = try nodes("folded")
    #expect(nodes.count == 1)
    let lstm = nodes[0]
    let order = [0, 3, 1, 2]
    #expect(lstm.path == ["If.then_branch"] && lstm.name == "inner" && lstm.hiddenSize == 3)
    #expect(lstm.inputWeight == StoredTensor(gates(order, units: 3, columns: 2, number: 0), shape: [1, 12, 2]))
    #expect(lstm.recurrentWeight == StoredTensor(gates(order, units: 3, columns: 3, number: 1), shape: [1, 12, 3]))
    let biases = [2, 3].flatMap { gates(order, units: 3, columns: 1, number: $0) }
    #expect(lstm.bias == StoredTensor(biases, shape: [1, 24]))
  }

  @Test(arguments: [
    ("torch-old-lstm", ONNXRecurrent.Kind.lstm, [0, 3, 1, 2], 2), ("torch-new-lstm", .lstm, [0, 3, 1, 2], 1),
    ("torch-old-gru", .gru, [1, 0, 2], 1), ("torch-new-gru", .gru, [1, 0, 2], 1), ("torch-old-rnn", .rnn, [0], 1),
  ])
  func weightsOfPyTorchsExportersComeBack(
    name: String, kind: ONNXRecurrent.Kind, order: [Int], directions: Int
  ) throws {
    let nodes = try nodes(name)
    #expect(nodes.count == 1)
    let node = nodes[0]
    let rows = 3 * order.count
    #expect(
      node.kind == kind && node.direction == (directions == 2 ? .bidirectional : .forward) && node.hiddenSize == 3)
    #expect(node.resetsAfterProduct == (kind == .gru) && node.activations.first == (kind == .rnn ? "Relu" : "Sigmoid"))
    // Each direction has four parameters.
    func all(_ parameter: Float, columns: Int) -> [Float] {
      (0..<directions).flatMap { gates(order, units: 3, columns: columns, number: 4 * Float($0) + parameter) }
    }
    #expect(node.inputWeight == StoredTensor(all(0, columns: 2), shape: [directions, rows, 2]))
    #expect(node.recurrentWeight == StoredTensor(all(1, columns: 3), shape: [directions, rows, 3]))
    let biases = (0..<directions).flatMap { direction in
      [2, 3].flatMap { gates(order, units: 3, columns: 1, number: 4 * Float(direction) + $0) }
    }
    #expect(node.bias == StoredTensor(biases, shape: [directions, 2 * rows]))
  }

  @Test func aGraphOfOtherOperatorsHasNone() throws { #expect(try nodes("keras") == []) }

  // MARK: What is refused

  /// A model of one GRU of one unit and one input, of which parts are replaced.
  private func gru(
    maker: ONNXNode? = nil, w: StoredTensor? = StoredTensor(ruled(3), shape: [1, 3, 1]),
    r: StoredTensor = StoredTensor(ruled(3), shape: [1, 3, 1]), attributes: [String: ONNXAttribute] = [:]
  ) -> ONNXModel {
    let node = ONNXNode("GRU", name: "gru", inputs: ["x", "W", "R"], outputs: ["y"], attributes: attributes)
    let tensors = w.map { [("W", $0)] } ?? [("source", StoredTensor(ruled(3), shape: [3]))]
    return ONNXModel(
      formatVersion: 8, operatorSets: ["": 17],
      graph: ONNXGraph(
        name: "", nodes: [maker, node].compactMap(\.self), initializers: NamedTensors(tensors + [("R", r)]),
        inputs: [ONNXValue("x", dtype: .f32, shape: nil)], outputs: []))
  }

  private func expect(
    _ problem: ONNXError.Problem, _ model: ONNXModel, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: ONNXError(file: "model", problem: problem), sourceLocation: sourceLocation) {
      try model.recurrentNodes()
    }
  }

  @Test func anUnknownOperatorIsNamed() {
    expect(
      .unknownOperator("MatMul", value: "W", node: "gru"),
      gru(maker: ONNXNode("MatMul", inputs: ["source", "source"], outputs: ["W"]), w: nil))
    expect(
      .unknownOperator("Identity", value: "W", node: "gru"),
      gru(maker: ONNXNode("Identity", domain: "other", inputs: ["source"], outputs: ["W"]), w: nil))
    expect(.noSuchValue("W", node: "gru"), gru(w: nil))
    expect(
      .notConstant(value: "x", node: "gru"), gru(maker: ONNXNode("Identity", inputs: ["x"], outputs: ["W"]), w: nil))
  }

  @Test(arguments: [
    ONNXNode("Reshape", inputs: ["source"], outputs: ["W"]), ONNXNode("Identity", inputs: [], outputs: ["W"]),
    ONNXNode("Cast", inputs: ["source"], outputs: ["W"], attributes: ["to": .int(10)]),
    ONNXNode("Cast", inputs: ["source"], outputs: ["W"], attributes: ["to": .int(999)]),
    ONNXNode("Transpose", inputs: ["source"], outputs: ["W"], attributes: ["perm": .ints([0, 0])]),
    ONNXNode("Transpose", inputs: ["source"], outputs: ["W"], attributes: ["perm": .int(0)]),
    ONNXNode("Unsqueeze", inputs: ["source"], outputs: ["W"], attributes: ["axes": .ints([0, 0])]),
    ONNXNode("Unsqueeze", inputs: ["source"], outputs: ["W"], attributes: ["axes": .ints([.max])]),
    ONNXNode("Squeeze", inputs: ["source"], outputs: ["W"], attributes: ["axes": .ints([0])]),
    ONNXNode("Squeeze", inputs: ["source"], outputs: ["W"], attributes: ["axes": .ints([.min])]),
    ONNXNode("Concat", inputs: ["source"], outputs: ["W"], attributes: ["axis": .int(1)]),
    ONNXNode("Concat", inputs: ["source", "R"], outputs: ["W"], attributes: ["axis": .int(0)]),
    ONNXNode("Concat", inputs: ["source", ""], outputs: ["W"], attributes: ["axis": .int(0)]),
    ONNXNode(
      "Slice", inputs: ["source"], outputs: ["W"], attributes: ["starts": .ints([0]), "ends": .ints([1, 2])]),
    ONNXNode(
      "Slice", inputs: ["source"], outputs: ["W"],
      attributes: ["starts": .ints([0]), "ends": .ints([1]), "axes": .ints([-9])]),
    ONNXNode(
      "Slice", inputs: ["source"], outputs: ["W"],
      attributes: ["starts": .ints([2]), "ends": .ints([0]), "steps": .ints([-1])]),
    ONNXNode("Constant", inputs: [], outputs: ["W"], attributes: ["value_string": .string("a")]),
  ])
  func anOperatorThatIsUsedInAnotherWayIsNamed(maker: ONNXNode) {
    expect(.notFoldable(maker.operation, value: "W", node: "gru"), gru(maker: maker, w: nil))
  }

  @Test func weightsAndAttributesThatDoNotFit() {
    let wide = StoredTensor(ruled(6), shape: [1, 6, 1])
    expect(.wrongShape("W", node: "gru", found: [1, 6, 1], wanted: [1, 3, nil]), gru(w: wide))
    expect(.wrongShape("R", node: "gru", found: [1, 6, 1], wanted: [1, 3, 1]), gru(r: wide))
    expect(
      .wrongShape("R", node: "gru", found: [1, 3, 1], wanted: [2, 3, 1]),
      gru(attributes: ["direction": .string("bidirectional")]))
    expect(
      .wrongShape("R", node: "gru", found: [1, 3, 1], wanted: [1, 12, 4]), gru(attributes: ["hidden_size": .int(4)]))
    let whole = StoredTensor([1, 2, 3] as [Int64], shape: [1, 3, 1])
    expect(.wrongType("W", node: "gru", found: .i64), gru(w: whole))
    for (name, value) in [
      ("hidden_size", ONNXAttribute.int(.max)), ("hidden_size", .int(0)), ("hidden_size", .float(1)),
      ("direction", .string("up")), ("layout", .int(2)), ("clip", .int(1)), ("activations", .strings(["Tanh"])),
      ("linear_before_reset", .string("yes")), ("activation_alpha", .ints([1])),
    ] { expect(.wrongAttribute(name, node: "gru"), gru(attributes: [name: value])) }
  }

  @Test func aValueThatIsMadeOfItselfIsRefused() {
    expect(
      .chainTooLong(node: "gru"), gru(maker: ONNXNode("Identity", inputs: ["W"], outputs: ["W"]), w: nil))
  }

  @Test func aValueThatDoublesOnAndOnIsRefused() {
    var model = gru(w: nil)
    var name = "source"
    let doublings = (0..<40).map { number in
      defer { name = "v\(number)" }
      return ONNXNode(
        "Concat", inputs: [name, name], outputs: [number == 39 ? "W" : "v\(number)"], attributes: ["axis": .int(0)])
    }
    model.graph.nodes = doublings + model.graph.nodes
    let error = #expect(throws: ONNXError.self) { try model.recurrentNodes() }
    guard case .tooMuchMemory? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func slicesTakeBoundsAndStepsAsTheOperatorHasThem() {
    // A tensor of two dimensions is no weight, which shows its shape.
    for (starts, ends, steps, wanted) in [
      ([1], [.max], [1], 2), ([-2], [3], [1], 2), ([.min], [.max], [2], 2), ([2], [1], [1], 0), ([0], [-1], [.max], 1),
      ([5], [9], [1], 0),
    ] as [([Int], [Int], [Int], Int)] {
      let slice = ONNXNode(
        "Slice", inputs: ["source"], outputs: ["W"],
        attributes: ["starts": .ints(starts), "ends": .ints(ends), "steps": .ints(steps)])
      expect(.wrongShape("W", node: "gru", found: [wanted], wanted: [1, 3, nil]), gru(maker: slice, w: nil))
    }
  }

  /// Nodes that make W of `source`, [3], with other constants.
  @Test(
    arguments: [
      ([ONNXNode("Gather", inputs: ["rows", "picked"], outputs: ["W"], attributes: ["axis": .int(1)])], [2, 0, 1]),
      (
        [ONNXNode("Gather", inputs: ["rows", "fromTheEnd"], outputs: ["W"], attributes: ["axis": .int(-2)])], [1, 2, 0]
      ),
      ([ONNXNode("Expand", inputs: ["one", "shape"], outputs: ["W"])], [1, 1, 1]),
      ([ONNXNode("ConstantOfShape", inputs: ["shape"], outputs: ["W"])], [0, 0, 0]),
      (
        [
          ONNXNode(
            "ConstantOfShape", inputs: ["shape"], outputs: ["W"],
            attributes: ["value": .tensor(StoredTensor([2] as [Float], shape: [1]))])
        ], [2, 2, 2]
      ),
      (
        [
          ONNXNode(
            "Split", inputs: ["rows"], outputs: ["", "last"], attributes: ["axis": .int(1), "split": .ints([1, 2])]),
          ONNXNode("Split", inputs: ["rows", "parts"], outputs: ["first", ""], attributes: ["axis": .int(1)]),
          ONNXNode("Concat", inputs: ["last", "first"], outputs: ["W"], attributes: ["axis": .int(1)]),
        ], [1, 2, 0]
      ),
      (
        [
          ONNXNode("Split", inputs: ["rows"], outputs: ["a", "b"], attributes: ["axis": .int(1)]),
          ONNXNode("Concat", inputs: ["b", "a"], outputs: ["W"], attributes: ["axis": .int(1)]),
        ], [2, 0, 1]
      ),
      (
        [
          ONNXNode("Flatten", inputs: ["rows"], outputs: ["flat"], attributes: ["axis": .int(-1)]),
          ONNXNode("Dropout", inputs: ["flat"], outputs: ["kept"]),
          ONNXNode("Reshape", inputs: ["kept", "shape"], outputs: ["W"]),
        ], [0, 1, 2]
      ),
      (
        [
          ONNXNode("Shape", inputs: ["rows"], outputs: ["sizes"], attributes: ["start": .int(-2)]),
          ONNXNode("Sub", inputs: ["sizes", "unit"], outputs: ["less"]),
          ONNXNode("Mul", inputs: ["unit", "less"], outputs: ["same"]),
          ONNXNode("Add", inputs: ["same", "unit"], outputs: ["more"]),
          ONNXNode("Div", inputs: ["more", "unit"], outputs: ["two"]),
          ONNXNode("Concat", inputs: ["unit", "two"], outputs: ["whole"], attributes: ["axis": .int(0)]),
          ONNXNode("Reshape", inputs: ["rows", "whole"], outputs: ["W"]),
        ], [0, 1, 2]
      ),
    ] as [([ONNXNode], [Float])])
  func aWeightIsMadeByOperatorsThatArrangeNumbers(makers: [ONNXNode], wanted: [Float]) throws {
    var model = gru(w: nil)
    model.graph.nodes = makers + model.graph.nodes
    func whole(_ values: [Int64], _ shape: [Int]? = nil) -> StoredTensor {
      StoredTensor(values, shape: shape ?? [values.count])
    }
    let constants = [
      ("rows", StoredTensor([0, 1, 2] as [Float], shape: [1, 3, 1])), ("picked", whole([2, 0, 1])),
      ("fromTheEnd", whole([-2, 2, -3])), ("one", StoredTensor([1] as [Float], shape: [1, 1])),
      ("shape", whole([1, 3, 1])), ("parts", whole([1, 2])), ("unit", whole([1])),
      ("R", model.graph.initializers["R"]!),
    ]
    model.graph.initializers = NamedTensors(constants)
    #expect(try model.recurrentNodes()[0].inputWeight == StoredTensor(wanted, shape: [1, 3, 1]))
  }

  @Test(arguments: [
    ONNXNode("Gather", inputs: ["source", "beyond"], outputs: ["W"]),
    ONNXNode("Gather", inputs: ["source", "source"], outputs: ["W"]),
    ONNXNode("Gather", inputs: ["number", "beyond"], outputs: ["W"]),
    ONNXNode("Expand", inputs: ["source", "two"], outputs: ["W"]),
    ONNXNode("ConstantOfShape", inputs: ["source"], outputs: ["W"]),
    ONNXNode("ConstantOfShape", inputs: ["least"], outputs: ["W"]),
    ONNXNode("Split", inputs: ["source", "two"], outputs: ["W"]),
    ONNXNode("Split", inputs: ["source"], outputs: ["W"], attributes: ["axis": .int(1)]),
    ONNXNode("Flatten", inputs: ["source"], outputs: ["W"], attributes: ["axis": .int(2)]),
    ONNXNode("Dropout", inputs: ["source", "", "isTraining"], outputs: ["W"]),
    ONNXNode("Shape", inputs: ["source"], outputs: ["W"], attributes: ["start": .float(1)]),
    ONNXNode("Div", inputs: ["two", "zero"], outputs: ["W"]),
    ONNXNode("Div", inputs: ["least", "minus"], outputs: ["W"]),
    ONNXNode("Mul", inputs: ["least", "two"], outputs: ["W"]),
    ONNXNode("Add", inputs: ["source", "two"], outputs: ["W"]),
    ONNXNode("Sub", inputs: ["pair", "three"], outputs: ["W"]), ONNXNode("Sub", inputs: ["two"], outputs: ["W"]),
  ])
  func numbersThatAnOperatorDoesNotTakeAreNamed(maker: ONNXNode) {
    var model = gru(maker: maker, w: nil)
    func whole(_ values: Int64...) -> StoredTensor { StoredTensor(values, shape: [values.count]) }
    model.graph.initializers = NamedTensors([
      ("source", StoredTensor(ruled(3), shape: [3])), ("number", StoredTensor([1] as [Float], shape: [])),
      ("beyond", whole(3)), ("zero", whole(0)), ("two", whole(2)), ("minus", whole(-1)), ("least", whole(.min)),
      ("pair", whole(1, 2)), ("three", whole(1, 2, 3)), ("R", model.graph.initializers["R"]!),
      ("isTraining", StoredTensor(dtype: .bool, shape: [], bytes: [1])),
    ])
    expect(.notFoldable(maker.operation, value: "W", node: "gru"), model)
  }
}
