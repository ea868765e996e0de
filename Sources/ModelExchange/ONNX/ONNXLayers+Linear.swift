import ForeignFiles
import TensorCheckpoints

/// Layers of a graph below and above the recurrent ones, and sums between these.
extension ONNXLayers {
  /// Rows of an embedding, or one-hot vectors as rows of the identity.
  mutating func readTable(_ node: ONNXNode) throws {
    guard let table = try matrix(0, of: node), [nil, .int(0), .int(-2)].contains(node.attributes["axis"]) else {
      throw unknown(node)
    }
    try placeVectors(of: node, symbols: node.inputs[1], width: table.shape[1])
    if !table.isIdentity { tensors["embedding.weight"] = table }
  }

  mutating func readOneHot(_ node: ONNXNode) throws {
    guard node.inputs.count == 3, let values = try constant(2, of: node),
      values.values(as: Float.self) == [0, 1] || values.values(as: Int64.self) == [0, 1],
      let depth = try constant(1, of: node), [nil, .int(-1)].contains(node.attributes["axis"]),
      let width = depth.values(as: Int64.self) ?? depth.values(as: Int32.self)?.map({ Int64($0) }), width.count == 1,
      1...1 << 31 ~= width[0]
    else { throw unknown(node) }
    try placeVectors(of: node, symbols: node.inputs[0], width: Int(width[0]))
  }

  private mutating func placeVectors(of node: ONNXNode, symbols: String, width: Int) throws {
    guard case .numbers(let symbols, 1, .input(let name))? = places[symbols], sequence == nil else {
      throw unknown(node)
    }
    sequence = name
    let rows = symbols.values(as: Int32.self)!.map { Int($0) }
    try place(rows, shape: symbols.shape, width: width, .vectors, of: node)
  }

  mutating func readGemm(_ node: ONNXNode) throws {
    func isSet(_ attribute: String) -> Bool { node.attributes[attribute] == .int(1) }
    let flags: [ONNXAttribute?] = [nil, .int(0), .int(1)]
    guard flags.contains(node.attributes["transA"]), flags.contains(node.attributes["transB"]),
      case .numbers(let input, _, _)? = places[node.inputs[0]], input.shape.count == 2, !isSet("transA"),
      ["alpha", "beta"].allSatisfy({ [nil, .float(1)].contains(node.attributes[$0]) }),
      let weight = try matrix(1, of: node)
    else { throw unknown(node) }
    try readProduct(node, weight: isSet("transB") ? weight : weight.transposed())
    if let bias = try constant(2, of: node) { try addBias(bias, to: node.outputs[0], node) }
  }

  /// - Parameter weight: [outputs, inputs].
  mutating func readProduct(_ node: ONNXNode, weight: StoredTensor?) throws {
    guard let weight else { throw unknown(node) }
    guard let input = places[node.inputs[0]], case .numbers(let given, weight.shape[1], .hidden(layers)) = input,
      layers == recurrent.count
    else { throw isNotAbove(node.label) }
    guard tensors["decoder.weight"] == nil else { throw unknown(node) }
    guard let rows = input.rows else { throw isArranged(node) }
    try place(rows, shape: given.shape.dropLast(), width: weight.shape[0], .scores(isBiased: false), of: node)
    tensors["decoder.weight"] = weight
  }

  mutating func readBias(_ node: ONNXNode) throws {
    guard let index = [0, 1].first(where: { places[node.inputs[$0]] != nil }),
      let bias = try constant(1 - index, of: node)
    else { throw unknown(node) }
    try addBias(bias, to: node.inputs[index], node)
  }

  /// Places the rows that a layer makes of those that it reads.
  private mutating func place(_ rows: [Int], shape: [Int], width: Int, _ stage: ONNXStage, of node: ONNXNode) throws {
    try take(shape + [width], for: node.label)
    guard let value = ONNXPlaces.rows(rows, shape: shape, width: width, stage) else {
      throw ONNXError.Problem.tooMuchMemory(value: node.label)
    }
    places[node.outputs[0]] = value
  }

  /// - Parameter value: the scores to which the bias is added.
  private mutating func addBias(_ bias: StoredTensor, to value: String, _ node: ONNXNode) throws {
    guard let scores = places[value], scores.rows != nil,
      case .numbers(let numbers, let width, .scores(isBiased: false)) = scores,
      tensors["decoder.bias"] == nil, bias.isFloatingPoint, bias.shape.last == width, bias.count == width,
      bias.shape.count <= numbers.shape.count
    else { throw unknown(node) }
    tensors["decoder.bias"] = bias.reshaped([width])
    places[node.outputs[0]] = .numbers(numbers, width: width, .scores(isBiased: true))
  }

  /// The sum of a layer's output and its input.
  mutating func readSum(_ node: ONNXNode) throws {
    let values = node.inputs.compactMap { places[$0] }
    guard let output = values.first(where: { $0.stage == .summand(layers) }),
      let input = values.first(where: { $0.stage == .hidden(layers - 1) }),
      case .numbers(let places, let width, _) = output, case .numbers(places, width, _) = input
    else { throw unknown(node) }
    self.places[node.outputs[0]] = .numbers(places, width: width, .hidden(layers))
  }
}
