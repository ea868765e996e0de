import TensorCheckpoints
import TensorCore

/// Shapes, numbers that are computed from them, and values of such shapes.
extension ONNXFolding {
  /// Sizes of the input's axes, or of those from `start` up to `end`.
  var shape: ONNXFoldedTensor? {
    guard let input, case .int(let start) = attributes["start"] ?? .int(0),
      case .int(let end) = attributes["end"] ?? .int(.max)
    else { return nil }
    let (first, last) = (Self.bound(start, of: input.shape.count), Self.bound(end, of: input.shape.count))
    let sizes = input.shape[first..<max(first, last)].map { Int64($0) }
    return ONNXFoldedTensor(StoredTensor(sizes, shape: [sizes.count]))
  }

  /// Arithmetic of a few whole numbers: inputs of one shape, or one of a single number.
  func arithmetic(_ operation: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)) -> ONNXFoldedTensor? {
    guard inputs.count == 2, let left = inputs[0], let right = inputs[1] else { return nil }
    let shape = left.count == 1 && left.shape.count <= right.shape.count ? right.shape : left.shape
    func numbers(_ tensor: StoredTensor) -> [Int64]? {
      guard tensor.count <= Self.numberLimit, let values = tensor.values(as: Int64.self) else { return nil }
      if tensor.shape == shape { return values }
      let count = shape.reduce(1, *)
      return values.count == 1 && tensor.shape.count <= shape.count && count <= Self.numberLimit
        ? Array(repeating: values[0], count: count) : nil
    }
    guard let left = numbers(left), let right = numbers(right) else { return nil }
    let results = zip(left, right).map(operation)
    return results.contains { $0.overflow }
      ? nil : ONNXFoldedTensor(StoredTensor(results.map(\.partialValue), shape: shape))
  }

  /// One number over and over, zero where none is given.
  var filled: ONNXFoldedTensor? {
    guard let shape = integers(input: 0, attribute: "") else { return nil }
    switch attributes["value"] {
    case nil: return ONNXFoldedTensor(StoredTensor([0] as [Float], shape: []), expandedTo: shape)
    case .tensor(let value)? where value.count == 1 && value.shape.count <= shape.count:
      return ONNXFoldedTensor(value, expandedTo: shape)
    default: return nil
    }
  }

  /// The input, repeated along axes of size 1 and new ones before its own.
  var expand: ONNXFoldedTensor? {
    guard let input, let wanted = integers(input: 1, attribute: "") else { return nil }
    let rank = max(wanted.count, input.shape.count)
    func padded(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: rank - shape.count) + shape }
    // A size of 1 stands for whatever the input has.
    let shape = zip(padded(input.shape), padded(wanted)).map { $1 == 1 ? $0 : $1 }
    return ONNXFoldedTensor(input, expandedTo: shape)
  }

  /// One of several parts along an axis: of given sizes, or of equal ones, of which the last may be smaller.
  var split: ONNXFoldedTensor? {
    guard let input, let axis = axis(default: 0), input.shape[axis] <= 1 << 31,
      output.count <= Self.outputLimit
    else { return nil }
    let size = input.shape[axis]
    var ends: [Int] = []
    if has(input: 1, attribute: "split") {
      guard let sizes = integers(input: 1, attribute: "split"), sizes.allSatisfy((0...size).contains) else {
        return nil
      }
      for size in sizes { ends.append((ends.last ?? 0) + size) }
    } else {
      let part = (size + output.count - 1) / output.count
      ends = (1...output.count).map { min($0 * part, size) }
    }
    guard ends.count == output.count, ends.last == size else { return nil }
    let start = output.index == 0 ? 0 : ends[output.index - 1]
    return ONNXFoldedTensor(input, taking: start..<ends[output.index], along: axis)
  }
}
