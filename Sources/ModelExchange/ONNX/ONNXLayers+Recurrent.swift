import ForeignFiles
import TensorCheckpoints

/// Recurrent operators of a graph.
extension ONNXLayers {
  mutating func readRecurrent(_ node: ONNXNode) throws {
    guard layers < recurrent.count, recurrent[layers].name == node.label, let input = places[node.inputs[0]],
      case .numbers(let given, _, let stage) = input,
      let rows = input.rows, given.shape.count == 3, given.shape[2] == recurrent[layers].inputWeight.shape[2]
    else { throw isNotAbove(node.label) }
    let (steps, batch) = (given.shape[0], given.shape[1])
    let isInOrder = rows.indices.allSatisfy { rows[$0] == $0 }
    if layers == 0 {
      switch stage {
      case .input(let name) where sequence == nil: sequence = name
      case .vectors: break
      default: throw isNotAbove(node.label)
      }
      // Sequences may stand one after the other in the input.
      let isTurned = rows.indices.allSatisfy { rows[$0] == $0 % batch * steps + $0 / batch }
      let sizes = sequence.flatMap { inputSizes[$0] }
      guard isInOrder && sizes == [steps, batch] || isTurned && sizes == [batch, steps] else {
        throw isArranged(node)
      }
      // One step of each of several sequences, and no state that goes on: their axes are exchanged.
      let hasState = node.inputs.dropFirst(5).contains { places[$0] != nil }
      guard steps > 1 || batch == 1 || hasState else { throw isArranged(node) }
      (self.steps, self.batch) = (steps, batch)
    } else {
      guard stage == .hidden(layers) else { throw isNotAbove(node.label) }
      guard isInOrder, (steps, batch) == (self.steps, self.batch) else { throw isArranged(node) }
    }
    try requireWhole(node)
    for index in 5...6 { try requireNoState(index, of: node) }
    try placeOutputs(of: node)
  }

  private mutating func placeOutputs(of node: ONNXNode) throws {
    let (directions, units) = (recurrent[layers].inputWeight.shape[0], recurrent[layers].hiddenSize)
    layers += 1
    let stage: ONNXStage = isResidual && layers > 1 ? .summand(layers) : .hidden(layers)
    let width = directions * units
    try take([steps, directions, batch, units], for: node.label)
    /// Places of a sequence's step, of a direction.
    func numbers(_ step: Int, _ direction: Int, _ sequence: Int) -> Range<Int32> {
      let start = (step * batch + sequence) * width + direction * units
      return Int32(start)..<Int32(start + units)
    }
    let all = (0..<steps).flatMap { step in
      (0..<directions).flatMap { direction in (0..<batch).flatMap { numbers(step, direction, $0) } }
    }
    let last = (0..<directions).flatMap { direction in
      (0..<batch).flatMap { numbers(direction == 0 ? steps - 1 : 0, direction, $0) }
    }
    let values: [ONNXPlaces] = [
      .numbers(StoredTensor(all, shape: [steps, directions, batch, units]), width: width, stage),
      .numbers(StoredTensor(last, shape: [directions, batch, units]), width: width, stage), .aside,
    ]
    for (output, value) in zip(node.outputs, values) where !output.isEmpty { places[output] = value }
  }

  /// - Throws: where sequences end before the last step.
  private mutating func requireWhole(_ node: ONNXNode) throws {
    guard node.inputs.count > 4, !node.inputs[4].isEmpty else { return }
    if case .input? = places[node.inputs[4]]?.stage { return }
    guard let lengths = try constant(4, of: node)?.values(as: Int32.self), lengths.allSatisfy({ $0 == steps }) else {
      throw ExchangeError.unsupportedOperator(
        node: node.label, "sequences that end before the last step (sequence_lens)")
    }
  }

  /// - Throws: where an initial state is neither zeros nor an input of its own.
  private mutating func requireNoState(_ index: Int, of node: ONNXNode) throws {
    guard index < node.inputs.count, !node.inputs[index].isEmpty, !zeros.contains(node.inputs[index]) else { return }
    let isNone: Bool
    switch places[node.inputs[index]] {
    case .numbers(_, _, .input(let name))?: isNone = name != sequence
    case nil: isNone = try constant(index, of: node)?.isZero ?? true
    default: isNone = false
    }
    guard isNone else {
      throw ExchangeError.unsupportedOperator(node: node.label, "an initial state of its own")
    }
    zeros.insert(node.inputs[index])
  }
}
