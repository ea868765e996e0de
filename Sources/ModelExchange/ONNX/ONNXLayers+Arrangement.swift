import ForeignFiles
import TensorCheckpoints

/// Operators that only arrange numbers, as exporters write them around layers.
extension ONNXLayers {
  private static let arranging: Set = [
    "Cast", "Concat", "Dropout", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Shape", "Slice", "Split",
    "Squeeze",
    "Transpose", "Unsqueeze",
  ]

  /// Arranges the places as the operator does the numbers.
  ///
  /// - Throws: where it is none of these operators, arranges by something else than constants, or cannot be followed.
  mutating func arrange(_ node: ONNXNode) throws {
    guard Self.arranging.contains(node.operation) else { throw unknown(node) }
    let count = node.operation == "Concat" ? node.inputs.count : 1
    let values = node.inputs.prefix(count).map { places[$0] }
    guard let first = values[0], case .numbers(let given, let width, let stage) = first,
      values.allSatisfy({ $0?.stage == stage })
    else {
      for output in node.outputs where !output.isEmpty { places[output] = .aside }
      return
    }
    if node.operation == "Cast" {
      // Numbers that layers make stay real ones, and those of symbols are not cut.
      let types = isInput(stage) ? Self.wideTypes : Self.realTypes
      guard case .int(let type)? = node.attributes["to"], types.contains(type) else {
        throw unknown(node)
      }
      places[node.outputs[0]] = first
      return
    }
    var inputs: [StoredTensor?] = values.map { if case .numbers(let part, _, _)? = $0 { part } else { nil } }
    for index in count..<max(count, node.inputs.count) { inputs.append(try constant(index, of: node)) }
    if node.operation == "Slice" { try requireOwnBounds(node, inputs, of: given.shape) }
    for (index, output) in node.outputs.enumerated() where !output.isEmpty {
      if node.operation == "Dropout" && index > 0 {
        // A mask is there for training alone.
        places[output] = .aside
        continue
      }
      let result = try constants.fold(node, of: inputs, making: output, for: node.label)
      if node.operation == "Shape" {
        constants.define(output, as: result)
      } else {
        places[output] = .numbers(result, width: width, stage)
      }
    }
  }

  /// - Throws: where a slice ends, or starts, beyond what there is: longer sequences it would cut.
  private func requireOwnBounds(_ node: ONNXNode, _ inputs: [StoredTensor?], of shape: [Int]) throws {
    func numbers(_ index: Int, _ attribute: String) -> [Int64]? {
      guard inputs.count > index else { return node.attributes[attribute]?.integers?.map { Int64($0) } }
      return inputs[index]?.values(as: Int64.self) ?? inputs[index]?.values(as: Int32.self)?.map { Int64($0) }
    }
    let (starts, ends) = (numbers(1, "starts") ?? [], numbers(2, "ends") ?? [])
    let axes = numbers(3, "axes") ?? starts.indices.map { Int64($0) }
    guard starts.count == ends.count, starts.count == axes.count else { throw unknown(node) }
    for (number, axis) in axes.enumerated() {
      let axis = Int(axis < 0 ? axis + Int64(shape.count) : axis)
      guard shape.indices.contains(axis) else { throw unknown(node) }
      for bound in [starts[number], ends[number]] {
        guard bound.magnitude <= shape[axis] || bound.magnitude >= Int32.max.magnitude else { throw unknown(node) }
      }
    }
  }

  /// Numbers of `TensorProto.DataType` for FLOAT, FLOAT16, DOUBLE and BFLOAT16.
  private static let realTypes: Set = [1, 10, 11, 16]
  /// Numbers for FLOAT, INT32, INT64 and DOUBLE.
  private static let wideTypes: Set = [1, 6, 7, 11]

  private func isInput(_ stage: ONNXStage) -> Bool { if case .input = stage { true } else { false } }

  /// Counts the memory of places in this shape: four bytes of each, and twelve while its row is looked for.
  mutating func take(_ shape: [Int], for value: String) throws {
    let count = StoredTensor.DType.i32.bitCount(ofShape: shape).map { $0 / 32 } ?? .max
    try constants.take(count <= Int32.max ? 16 * count : .max, for: value)
  }
}
