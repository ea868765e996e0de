import CharrnnTestSupport
import ForeignFiles
import ModelExchange
import TensorCheckpoints
import Testing

/// Matrices of a graph around its recurrent layers are found, however they are written.
@Suite struct ONNXLayersTests {
  private let folder: ScratchDirectory
  private let matrix = StoredTensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])

  init() throws { folder = try ScratchDirectory() }

  /// The tensors of a file of these operators, beside an RNN of one unit.
  private func tensors(
    _ nodes: [ONNXNode], _ initializers: [(name: String, tensor: StoredTensor)] = [], state: [Float]? = nil
  ) throws -> [String: StoredTensor] {
    let ones = StoredTensor([1] as [Float], shape: [1, 1, 1])
    var inputs = ["x", "W", "R"]
    var weights = [("W", ones), ("R", ones), ("m", matrix)] + initializers
    if let state {
      inputs += ["", "", "state"]
      weights.append(("state", StoredTensor(state, shape: [1, 1, state.count])))
    }
    let graph = ONNXGraph(
      name: "graph", nodes: [ONNXNode("RNN", inputs: inputs, outputs: ["y"])] + nodes,
      initializers: NamedTensors(weights), inputs: [], outputs: [])
    let bytes = try ONNXModel(formatVersion: 8, operatorSets: ["": 17], graph: graph).serialized()
    return try PackageFile(contentsOf: folder.file("model.onnx", bytes)).tensors
  }

  private func product(_ weight: String, _ output: String = "z") -> ONNXNode {
    ONNXNode("MatMul", inputs: ["y", weight], outputs: [output])
  }

  private func transpose(_ input: String, _ output: String) -> ONNXNode {
    ONNXNode("Transpose", inputs: [input], outputs: [output])
  }

  @Test func theMatrixOfAProductIsTransposed() throws {
    let columns = StoredTensor([1, 4, 2, 5, 3, 6] as [Float], shape: [3, 2])
    #expect(try tensors([product("m")])["decoder.weight"] == columns)
    #expect(try tensors([transpose("m", "t"), product("t")])["decoder.weight"] == matrix)
    #expect(try tensors([transpose("m", "t"), transpose("t", "u"), product("u")])["decoder.weight"] == columns)
  }

  @Test func furtherMatricesHaveNamesOfNoLayer() throws {
    let found = try tensors((0..<1000).map { product("m", "z\($0)") })
    #expect(found.keys.sorted() == ["another decoder.weight", "decoder.weight", "layers.0.R", "layers.0.W"])
  }

  @Test func theIdentityAsATableMakesOneHotVectors() throws {
    let gather = ONNXNode("Gather", inputs: ["e", "tokens"], outputs: ["x"])
    for (last, isTable) in [(1 as Float, false), (2, true)] {
      let table = StoredTensor([1, 0, 0, last], shape: [2, 2])
      #expect(try tensors([gather, gather], [("e", table)])["embedding.weight"] == (isTable ? table : nil))
    }
  }

  @Test func aStateOfZerosOfEitherSignIsNone() throws {
    #expect(try tensors([], state: [0, -0.0, 0]).count == 2)
    let error = #expect(throws: PackageFileError.self) { try tensors([], state: [0, 0x1p-149]) }
    guard case .exchange(.unsupportedOperator)? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// The problem for which a file of these operators is refused.
  private func problem(_ nodes: [ONNXNode]) -> ExchangeError? {
    let error = #expect(throws: PackageFileError.self) { try tensors(nodes) }
    guard case .exchange(let problem)? = error?.problem else { return nil }
    return problem
  }

  @Test func layersStandOneAboveTheOther() throws {
    func layer(reading input: String) -> ONNXNode {
      ONNXNode("RNN", name: "upper", inputs: [input, "W", "R"], outputs: ["", "h"])
    }
    let squeeze = ONNXNode("Squeeze", inputs: ["y"], outputs: ["below"])
    #expect(try tensors([squeeze, layer(reading: "below")]).count == 4)
    let beside = ExchangeError.unsupportedOperator(
      node: "upper", "an input that is not the output of the layer below")
    #expect(problem([squeeze, layer(reading: "x")]) == beside)
    let linear = ONNXNode("MatMul", name: "upper", inputs: ["below", "m"], outputs: ["z"])
    #expect(problem([squeeze, layer(reading: "below"), linear]) == beside)
  }

  @Test func aBiasThatIsNoConstantIsRefused() throws {
    func linear(_ bias: String) -> ONNXNode {
      ONNXNode("Gemm", name: "linear", inputs: ["y", "m", bias], outputs: ["z"])
    }
    #expect(try tensors([linear("")])["decoder.bias"] == nil)
    #expect(try tensors([linear("m")])["decoder.bias"]?.count == 6)
    let copy = ONNXNode("Identity", inputs: ["m"], outputs: ["b"])
    #expect(problem([copy, linear("b")]) == .unknownOperator("Gemm", node: "linear"))
  }

  @Test func operatorsOfOtherDomainsAreUnknown() {
    for operation in ["MatMul", "Add", "Squeeze", "Shape"] {
      let node = ONNXNode(operation, domain: "com.example", name: "other", inputs: ["y", "m"], outputs: ["z"])
      #expect(problem([node]) == .unknownOperator(operation, node: "other"))
    }
  }

  @Test func operatorsOfSizesAreNoLayers() throws {
    let nodes = [
      ONNXNode("Shape", inputs: ["x"], outputs: ["s"]), ONNXNode("Mul", inputs: ["s", "two"], outputs: ["d"]),
      ONNXNode("Div", inputs: ["d", "s"], outputs: ["q"]),
    ]
    let two = StoredTensor([2] as [Int64], shape: [1])
    #expect(try tensors(nodes, [("two", two)]).count == 2)
    for inputs in [["x", "two"], ["s", "half"]] {
      let other = ONNXNode("Mul", inputs: inputs, outputs: ["d"])
      #expect(throws: PackageFileError.self) {
        try tensors([nodes[0], other], [("two", two), ("half", StoredTensor([0.5] as [Float], shape: [1]))])
      }
    }
  }
}
