import CharrnnTestSupport
import ForeignFiles
import ModelExchange
import TensorCheckpoints
import Testing

/// Layers of a graph are found, however values are arranged between them; a graph that computes something else is refused.
@Suite struct ONNXLayersTests {
  private let folder: ScratchDirectory

  init() throws { folder = try ScratchDirectory() }

  // MARK: Graphs

  private static let symbols = 3
  private static let units = 2

  /// Nodes around an RNN of two units, `lower`, which reads embeddings of 3 symbols.
  private struct Graph {
    var before = [ONNXNode("Gather", inputs: ["table", "tokens"], outputs: ["x"])]
    var lower = ONNXNode("RNN", name: "lower", inputs: ["x", "W", "R"], outputs: ["y", "last"])
    var after = [squeeze("y", "h")]
    var head = [product("h", "matrix")]
    var constants: [(name: String, tensor: StoredTensor)] = []
    var inputs: [ONNXValue] = [ONNXValue("tokens", dtype: .i64, shape: [.named("time"), .named("batch")])]
    var outputs = ["scores"]
    var operators = 17
  }

  private static func squeeze(_ input: String, _ output: String) -> ONNXNode {
    ONNXNode("Squeeze", inputs: [input, "one"], outputs: [output])
  }

  private static func product(_ input: String, _ weight: String, _ output: String = "scores") -> ONNXNode {
    ONNXNode("MatMul", name: "head", inputs: [input, weight], outputs: [output])
  }

  private static func node(
    _ operation: String, _ inputs: [String], _ outputs: String..., attributes: [String: ONNXAttribute] = [:]
  ) -> ONNXNode { ONNXNode(operation, name: "odd", inputs: inputs, outputs: outputs, attributes: attributes) }

  private static func real(_ values: [Float], _ shape: Int...) -> StoredTensor { StoredTensor(values, shape: shape) }

  private static func whole(_ values: Int64...) -> StoredTensor { StoredTensor(values, shape: [values.count]) }

  private static let table = real([1, 2, 3, 4, 5, 6], 3, 2)
  /// [units, symbols].
  private static let matrix = real([1, 2, 3, 4, 5, 6], 2, 3)
  private static let transposed = real([1, 4, 2, 5, 3, 6], 3, 2)

  private func tensors(_ graph: Graph) throws -> [String: StoredTensor] {
    let square = Self.real([1, 2, 3, 4], 1, 2, 2)
    let constants: [(name: String, tensor: StoredTensor)] = [
      ("table", Self.table), ("matrix", Self.matrix), ("W", square), ("R", square), ("W1", square), ("R1", square),
      ("bias", Self.real([7, 8, 9], 3)), ("zero", Self.whole(0)), ("one", Self.whole(1)), ("two", Self.whole(2)),
    ]
    let made = ONNXGraph(
      name: "graph", nodes: graph.before + [graph.lower] + graph.after + graph.head,
      initializers: NamedTensors(constants + graph.constants), inputs: graph.inputs,
      outputs: graph.outputs.map { ONNXValue($0, dtype: .f32, shape: nil) })
    let bytes = try ONNXModel(formatVersion: 8, operatorSets: ["": graph.operators], graph: made).serialized()
    return try PackageFile(contentsOf: folder.file("model.onnx", bytes)).tensors
  }

  private func expectLayers(_ graph: Graph, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: Never.self, sourceLocation: sourceLocation) {
      let found = try tensors(graph)
      #expect(found["decoder.weight"] == Self.transposed, sourceLocation: sourceLocation)
      #expect(found["layers.0.W"]?.shape == [1, 2, 2], sourceLocation: sourceLocation)
    }
  }

  /// The problem for which a graph is refused.
  private func problem(_ graph: Graph) -> String? {
    do {
      _ = try tensors(graph)
      return nil
    } catch let error as PackageFileError {
      guard case .exchange(let problem) = error.problem else { return "\(error)" }
      return "\(problem)"
    } catch let error as ONNXError { return "\(error.problem)" } catch { return "\(error)" }
  }

  private func expectRefusal(
    _ graph: Graph, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let problem = problem(graph)
    #expect(problem?.contains(reason) ?? false, "\(problem ?? "read")", sourceLocation: sourceLocation)
  }

  private static let isOther = "is no part of an embedding, recurrent layers and a linear layer"
  private static let isNotAbove = "an input that is not the output of the layer below"
  private static let isArranged = "the output of the layer below in another order"

  // MARK: What is read

  @Test func theMatrixOfAProductIsTransposed() throws {
    var graph = Graph()
    #expect(try tensors(graph)["decoder.weight"] == Self.transposed)
    graph.head = [Self.node("Transpose", ["columns"], "t"), Self.product("h", "t")]
    graph.constants = [("columns", Self.transposed)]
    #expect(try tensors(graph)["decoder.weight"] == Self.transposed)
  }

  @Test func theIdentityAsATableMakesOneHotVectors() throws {
    for (last, isTable) in [(1 as Float, false), (2, true)] {
      var graph = Graph()
      let table = Self.real([1, 0, 0, last], 2, 2)
      graph.before = [Self.node("Gather", ["rows", "tokens"], "x")]
      graph.constants = [("rows", table)]
      #expect(try tensors(graph)["embedding.weight"] == (isTable ? table : nil))
    }
  }

  @Test func oneHotVectorsAreOnesAmongZeros() {
    for (values, isRead) in [([0, 1], true), ([-1, 3], false), ([1, 0], false)] as [([Int64], Bool)] {
      for areWhole in [false, true] {
        var graph = Graph()
        graph.before = [
          Self.node("OneHot", ["tokens", "two", "values"], "v"),
          Self.node("Cast", ["v"], "x", attributes: ["to": .int(1)]),
        ]
        let real = Self.real(values.map { Float($0) }, 2)
        graph.constants = [("values", areWhole ? StoredTensor(values, shape: [2]) : real)]
        if isRead { expectLayers(graph) } else { expectRefusal(graph, Self.isOther) }
      }
    }
  }

  /// Ways from a layer to the one above that leave the numbers as they are; the last value is `h`.
  @Test(arguments: [
    [node("Transpose", ["y"], "t", attributes: ["perm": .ints([0, 2, 1, 3])]), node("Reshape", ["t", "three"], "h")],
    [squeeze("y", "s"), node("Dropout", ["s"], "h")], [squeeze("y", "s"), node("Dropout", ["s"], "h", "mask")],
    [
      squeeze("y", "s"), node("Split", ["s"], "a", "b", attributes: ["axis": .int(2)]),
      node("Concat", ["a", "b"], "h", attributes: ["axis": .int(2)]),
    ],
    [
      node("Shape", ["y"], "sizes"), node("Gather", ["sizes", "zero"], "time"),
      node("Gather", ["sizes", "two"], "batch"),
      node("Mul", ["time", "one"], "same"),
      node("Concat", ["same", "batch", "all"], "shape", attributes: ["axis": .int(0)]),
      node("Reshape", ["y", "shape"], "h"),
    ],
    [
      node("Transpose", ["y"], "t", attributes: ["perm": .ints([2, 0, 1, 3])]),
      node("Transpose", ["t"], "u", attributes: ["perm": .ints([1, 0, 2, 3])]), node("Squeeze", ["u", "two"], "h"),
    ],
  ])
  func aLayerReadsTheOneBelowHoweverItIsArranged(between: [ONNXNode]) throws {
    var graph = Graph()
    let upper = ONNXNode("RNN", name: "upper", inputs: ["h", "W1", "R1"], outputs: ["y1"])
    graph.after = between + [upper, Self.squeeze("y1", "h1")]
    graph.head = [Self.product("h1", "matrix")]
    graph.constants = [("three", Self.whole(0, 0, 2)), ("all", Self.whole(-1))]
    #expect(try tensors(graph).keys.filter { $0.hasPrefix("layers.") }.count == 4)
  }

  /// Axes of no name, and of a size that others have: none passes for another.
  @Test(
    arguments: [
      [.unknown, .unknown], [.unknown, .named("batch")], [.named("time"), .unknown], [.named("time"), .size(5)],
      [.size(3), .named("batch")],
    ] as [[ONNXValue.Dimension]])
  func axesAreToldApart(shape: [ONNXValue.Dimension]) {
    var graph = Graph()
    graph.inputs[0].shape = shape
    expectLayers(graph)
    graph.before[0].outputs = ["v"]
    // The sizes of time and batch exchanged, but not what they hold.
    graph.before += [
      Self.node("Shape", ["v"], "sizes"), Self.node("Gather", ["sizes", "one"], "batch"),
      Self.node("Gather", ["sizes", "zero"], "time"),
      Self.node("Concat", ["batch", "time", "two"], "turned", attributes: ["axis": .int(0)]),
      Self.node("Reshape", ["v", "turned"], "x"),
    ]
    expectRefusal(graph, Self.isArranged)
  }

  @Test func sequencesMayStandOneAfterTheOther() {
    var graph = Graph()
    graph.before = [
      Self.node("Gather", ["table", "tokens"], "v"),
      Self.node("Transpose", ["v"], "x", attributes: ["perm": .ints([1, 0, 2])]),
    ]
    graph.head = [
      Self.node("Transpose", ["h"], "t", attributes: ["perm": .ints([1, 0, 2])]), Self.product("t", "matrix"),
    ]
    expectLayers(graph)
  }

  @Test func theLastStepMayBeTakenAlone() {
    var graph = Graph()
    graph.head = [Self.node("Gather", ["h", "end"], "e"), Self.product("e", "matrix")]
    graph.constants = [("end", StoredTensor([-1] as [Int64], shape: []))]
    expectLayers(graph)
    graph.head = [Self.node("Squeeze", ["last", "zero"], "e"), Self.product("e", "matrix")]
    expectLayers(graph)
  }

  @Test func probabilitiesAreScoresTooAlongTheLastAxis() {
    for (axis, isRead) in [(nil, true), (-1, true), (2, true), (0, false)] as [(Int?, Bool)] {
      var graph = Graph()
      graph.head = [
        Self.product("h", "matrix", "s"),
        Self.node("Softmax", ["s"], "scores", attributes: axis.map { ["axis": .int($0)] } ?? [:]),
      ]
      if isRead { expectLayers(graph) } else { expectRefusal(graph, Self.isOther) }
    }
    // A bias of probabilities is none of scores.
    var biased = Graph()
    biased.head = [
      Self.product("h", "matrix", "s"), Self.node("LogSoftmax", ["s"], "p"), Self.node("Add", ["p", "bias"], "scores"),
    ]
    expectRefusal(biased, Self.isOther)
    // Older operators take all axes from the second one together.
    var graph = Graph()
    graph.head = [Self.product("h", "matrix", "s"), Self.node("Softmax", ["s"], "scores")]
    graph.operators = 11
    expectRefusal(graph, Self.isOther)
  }

  @Test func aBiasIsAConstantForEachScore() throws {
    func head(_ bias: String) -> [ONNXNode] {
      [
        Self.node("Reshape", ["h", "rows"], "r"),
        ONNXNode("Gemm", name: "head", inputs: ["r", "matrix", bias], outputs: ["scores"]),
      ]
    }
    var graph = Graph()
    graph.constants = [("rows", Self.whole(-1, 2)), ("long", Self.real([1, 2, 3, 4], 4))]
    for (bias, count) in [("", nil), ("bias", 3), ("copy", 3)] as [(String, Int?)] {
      graph.head = [Self.node("Identity", ["bias"], "copy")] + head(bias)
      #expect(try tensors(graph)["decoder.bias"]?.count == count)
    }
    graph.head = head("r")
    expectRefusal(graph, Self.isOther)
    graph.head = head("long")
    expectRefusal(graph, Self.isOther)
    graph.head = [Self.product("h", "matrix", "s"), Self.node("Add", ["bias", "s"], "scores")]
    #expect(try tensors(graph)["decoder.bias"] == Self.real([7, 8, 9], 3))
    graph.head = [
      Self.product("h", "matrix", "s"), Self.node("Add", ["bias", "s"], "t"),
      Self.node("Add", ["t", "bias"], "scores"),
    ]
    expectRefusal(graph, Self.isOther)
  }

  // MARK: States

  /// Nodes that make the state `s`.
  private func state(_ nodes: [ONNXNode], _ constants: [(name: String, tensor: StoredTensor)] = []) -> Graph {
    var graph = Graph()
    graph.lower.inputs += ["", "", "s"]
    graph.before += nodes
    graph.constants = constants
    return graph
  }

  @Test func aStateOfZerosOfEitherSignIsNone() {
    for (values, isRead) in [([0, -0.0], true), ([0, 0x1p-149], false)] as [([Float], Bool)] {
      let constants = [("s", Self.real(values, 1, 1, 2)), ("r", Self.real(values, 2))]
      let shaped = [
        Self.node("Reshape", ["r", "shape"], "t"), Self.node("Shape", ["x"], "sizes"),
        Self.node("Slice", ["sizes", "one", "two"], "batch"),
        Self.node("Concat", ["one", "batch", "two"], "whole", attributes: ["axis": .int(0)]),
        Self.node("Expand", ["t", "whole"], "s"),
      ]
      for graph in [
        state([], [constants[0]]), state(shaped, [constants[1], ("shape", Self.whole(1, 1, 2))]),
      ] {
        if isRead { expectLayers(graph) } else { expectRefusal(graph, "an initial state of its own") }
      }
    }
  }

  @Test func aStateOfAShapeIsZerosUnlessItSaysOtherwise() {
    func made(_ attributes: [String: ONNXAttribute]) -> Graph {
      state([Self.node("ConstantOfShape", ["sizes"], "s", attributes: attributes)], [("sizes", Self.whole(1, 3, 2))])
    }
    expectLayers(made([:]))
    expectLayers(made(["value": .tensor(Self.real([0], 1))]))
    expectRefusal(made(["value": .tensor(Self.real([1], 1))]), "an initial state of its own")
  }

  @Test func aStateMayBeAnInputOfItsOwn() {
    var graph = state([Self.node("Slice", ["h0", "zero", "one"], "s")])
    graph.inputs.append(ONNXValue("h0", dtype: .f32, shape: [.size(2), .named("batch"), .size(2)]))
    expectLayers(graph)
    expectRefusal(
      state([Self.node("Cast", ["tokens"], "s", attributes: ["to": .int(1)])]), "an initial state of its own")
    expectRefusal(state([Self.node("Identity", ["x"], "s")]), "an initial state of its own")
  }

  @Test func sequencesEndAtTheirLastStep() {
    var graph = Graph()
    graph.lower.inputs += ["", "lengths"]
    graph.inputs[0].shape = [.size(4), .named("batch")]
    for (length, isRead) in [(4, true), (3, false)] as [(Int32, Bool)] {
      graph.constants = [("lengths", StoredTensor([length], shape: [1]))]
      if isRead { expectLayers(graph) } else { expectRefusal(graph, "sequences that end before the last step") }
    }
    graph.constants = []
    graph.inputs.append(ONNXValue("lengths", dtype: .i32, shape: [.named("batch")]))
    expectLayers(graph)
  }

  // MARK: What is refused

  /// Operators before the lowest layer, which make `x` of the embeddings `v`.
  @Test(
    arguments: [
      ([node("Softmax", ["v"], "x")], isOther), ([node("Add", ["v", "pair"], "x")], isOther),
      ([node("MatMul", ["v", "square"], "x")], isNotAbove),
      (
        [
          node("Split", ["v"], "a", "b", attributes: ["axis": .int(2)]),
          node("Concat", ["b", "a"], "x", attributes: ["axis": .int(2)]),
        ], isNotAbove
      ),
      ([node("Gather", ["v", "swapped"], "x")], isArranged),
      ([node("Gather", ["v", "swapped"], "x", attributes: ["axis": .int(2)])], isNotAbove),
      (
        [
          node("Slice", ["v", "one", "two", "zero"], "part"),
          node("Concat", ["part", "part"], "x", attributes: ["axis": .int(0)]),
        ], isArranged
      ),
      ([node("Concat", ["nothing", "v"], "x", attributes: ["axis": .int(0)])], isNotAbove),
    ] as [([ONNXNode], String)])
  func embeddingsThatTheLayerDoesNotReadAsTheyAre(nodes: [ONNXNode], reason: String) {
    var graph = Graph()
    graph.before[0].outputs = ["v"]
    graph.before += nodes
    graph.inputs[0].shape = [.size(2), .size(1)]
    graph.constants = [
      ("pair", Self.real([1, 2], 2)), ("square", Self.real([1, 2, 3, 4], 2, 2)), ("swapped", Self.whole(1, 0)),
      ("nothing", Self.real([0, 0], 1, 1, 2)),
    ]
    expectRefusal(graph, reason)
  }

  @Test(
    arguments: [
      ([0], [3], isArranged), ([0], [5], isArranged), ([0], [100], isOther), ([-100], [.max], isOther),
      ([1], [.max], isArranged),
      ([.min], [.max], nil), ([5], [.max], isArranged),
    ] as [([Int], [Int], String?)])
  func aLayerReadsEveryStepOfASequenceHoweverLong(starts: [Int], ends: [Int], reason: String?) {
    for isOfSymbols in [false, true] {
      var graph = Graph()
      let bounds: [String: ONNXAttribute] = ["starts": .ints(starts), "ends": .ints(ends), "axes": .ints([0])]
      let slice = Self.node("Slice", [isOfSymbols ? "tokens" : "v"], isOfSymbols ? "t" : "x", attributes: bounds)
      let gather = Self.node("Gather", ["table", isOfSymbols ? "t" : "tokens"], isOfSymbols ? "x" : "v")
      graph.before = isOfSymbols ? [slice, gather] : [gather, slice]
      if let reason { expectRefusal(graph, reason) } else { expectLayers(graph) }
    }
  }

  /// Types that hold fewer numbers than there may be symbols.
  @Test(arguments: [
    (1, true), (6, true), (7, true), (11, true), (2, false), (3, false), (9, false), (10, false), (16, false),
  ])
  func symbolsAreCastToTypesThatHoldThem(type: Int, isRead: Bool) {
    var graph = Graph()
    graph.before = [
      Self.node("Cast", ["tokens"], "t", attributes: ["to": .int(type)]),
      Self.node("Cast", ["t"], "u", attributes: ["to": .int(7)]), Self.node("Gather", ["table", "u"], "x"),
    ]
    if isRead { expectLayers(graph) } else { expectRefusal(graph, Self.isOther) }
  }

  /// Numbers of the graph itself that the sizes which stand for any might be.
  @Test func constantsAreNoSizesOfSequences() {
    for number in [3, 5, 7, 9] {
      var graph = Graph()
      graph.inputs[0].shape = [.named("time"), .size(1)]
      graph.after = [Self.node("Reshape", ["y", "shape"], "h")]
      graph.constants = [("shape", Self.whole(Int64(number), -1, 2))]
      expectRefusal(graph, "computed by \"Reshape\" in a way that is not read")
    }
  }

  @Test func stepsAreNoSequences() {
    var graph = Graph()
    graph.inputs[0].shape = [.size(1), .named("time")]
    expectRefusal(graph, Self.isArranged)
    // A model that goes on from a state reads a step at a time.
    graph.lower.inputs += ["", "", "h0"]
    graph.inputs.append(ONNXValue("h0", dtype: .f32, shape: [.size(1), .named("time"), .size(2)]))
    expectLayers(graph)
  }

  @Test func symbolsThatAreNumberedAnewAreRefused() {
    var graph = Graph()
    graph.before = [Self.node("Gather", ["order", "tokens"], "t"), Self.node("Gather", ["table", "t"], "x")]
    graph.constants = [("order", Self.whole(2, 0, 1))]
    expectRefusal(graph, Self.isOther)
    graph.before = [Self.node("Gather", ["table", "tokens"], "x", attributes: ["axis": .int(1)])]
    expectRefusal(graph, Self.isOther)
  }

  /// Operators after the layer's output `h`, and the output of the graph.
  @Test(
    arguments: [
      ([node("Gather", ["h", "swapped"], "f", attributes: ["axis": .int(2)]), product("f", "matrix")], isArranged),
      (
        [node("Gather", ["h", "swapped"], "f"), product("f", "matrix")],
        "scores in another order than its symbols or steps"
      ),
      ([node("Cast", ["h"], "f", attributes: ["to": .int(6)]), product("f", "matrix")], isOther),
      ([node("Softmax", ["h"], "f"), product("f", "matrix")], isOther),
      (
        [product("h", "matrix", "s"), node("Gather", ["s", "turned"], "scores", attributes: ["axis": .int(2)])],
        "scores in another order than its symbols or steps"
      ),
      (
        [product("h", "matrix", "s"), node("Concat", ["s", "s"], "scores", attributes: ["axis": .int(2)])],
        "scores in another order than its symbols or steps"
      ),
      ([product("h", "matrix", "s"), node("Mul", ["s", "bias"], "scores")], isOther),
      ([product("h", "matrix", "s"), node("Add", ["s", "s"], "scores")], isOther),
      ([product("h", "matrix", "s"), product("s", "cube")], isNotAbove),
      ([product("x", "matrix")], isNotAbove), ([product("h", "matrix"), product("h", "other", "more")], isOther),
      ([product("h", "matrix"), node("Add", ["scores", "bias"], "aside")], "is what its highest layer makes"),
      ([product("h", "matrix", "all"), node("Gather", ["all", "zero"], "scores")], "scores in another order"),
      (
        [
          product("h", "matrix", "s"), node("Transpose", ["s"], "t", attributes: ["perm": .ints([2, 1, 0])]),
          node("Softmax", ["t"], "p"), node("Transpose", ["p"], "scores", attributes: ["perm": .ints([2, 1, 0])]),
        ], isOther
      ),
      (
        [
          product("h", "matrix", "s"), node("Transpose", ["s"], "t", attributes: ["perm": .ints([0, 2, 1])]),
          node("Add", ["t", "single"], "p"),
          node("Transpose", ["p"], "scores", attributes: ["perm": .ints([0, 2, 1])]),
        ], isOther
      ),
      ([node("Concat", ["h", "x"], "scores", attributes: ["axis": .int(2)])], "is what its highest layer makes"),
    ] as [([ONNXNode], String)])
  func outputsThatTheLinearLayerDoesNotReadAsTheyAre(nodes: [ONNXNode], reason: String) {
    var graph = Graph()
    graph.head = nodes
    graph.inputs[0].shape = [.size(2), .size(1)]
    graph.constants = [
      ("swapped", Self.whole(1, 0)), ("turned", Self.whole(2, 1, 0)),
      ("cube", Self.real(Array(repeating: 1, count: 9), 3, 3)), ("other", Self.matrix), ("single", Self.real([1], 1)),
    ]
    expectRefusal(graph, reason)
  }

  @Test func layersStandOneAboveTheOther() throws {
    func upper(reading input: String) -> [ONNXNode] {
      [
        ONNXNode("RNN", name: "upper", inputs: [input, "W1", "R1"], outputs: ["y1"]), Self.squeeze("y1", "h1"),
      ]
    }
    var graph = Graph()
    for (input, output, isRead) in [("h", "h1", true), ("x", "h1", false), ("h", "h", false)] {
      graph.head = upper(reading: input) + [Self.product(output, "matrix")]
      if isRead { expectLayers(graph) } else { expectRefusal(graph, Self.isNotAbove) }
    }
  }

  @Test func aLayerThatReadsNoInputIsRefused() {
    var graph = Graph()
    graph.before = [Self.node("Gather", ["table", "fixed"], "x")]
    graph.constants = [("fixed", StoredTensor([0, 1] as [Int64], shape: [2, 1]))]
    expectRefusal(graph, Self.isNotAbove)
  }

  /// The scores of one step alone are few, and still counted from the first step.
  @Test func aSequenceThatIsTooLongToBeFollowedIsRefused() {
    var graph = Graph()
    graph.inputs[0].shape = [.size(300_000), .size(1)]
    graph.head = [Self.node("Gather", ["h", "end"], "e"), Self.product("e", "wide")]
    graph.constants = [
      ("end", StoredTensor([-1] as [Int64], shape: [])),
      ("wide", Self.real(Array(repeating: 1, count: 20_000), 2, 10_000)),
    ]
    expectRefusal(graph, "copies would take more memory")
  }

  @Test func aGraphWithoutARecurrentOperatorIsRefused() {
    var graph = Graph()
    graph.lower = Self.node("Tanh", ["x"], "y")
    expectRefusal(graph, "no operator RNN, LSTM or GRU")
  }

  @Test func operatorsOfOtherDomainsAreUnknown() {
    for operation in ["MatMul", "Add", "Squeeze", "Shape", "RNN"] {
      var graph = Graph()
      graph.head.append(
        ONNXNode(operation, domain: "com.example", name: "other", inputs: ["h", "matrix"], outputs: ["z"]))
      expectRefusal(graph, "the operator \"\(operation)\" of \"other\" \(Self.isOther)")
    }
  }
}
