import TensorCheckpoints
import TensorCore

/// A tensor that an operator makes of others, still to be computed.
struct ONNXFoldedTensor {
  private let dtype: StoredTensor.DType
  private let shape: [Int]
  /// Bytes of the copies that computing it takes; 0 where it shares the bytes of an input.
  private let copied: Int
  private let contents: () -> StoredBytes

  /// The tensor; nil where there is no memory for its copies.
  func tensor(within copies: inout CopyBudget) -> StoredTensor? {
    copies.take(copied) ? StoredTensor(dtype: dtype, shape: shape, contents: contents()) : nil
  }

  private init(dtype: StoredTensor.DType, shape: [Int], copied: Int, contents: @escaping () -> StoredBytes) {
    (self.dtype, self.shape, self.copied, self.contents) = (dtype, shape, copied, contents)
  }

  /// A tensor as it is.
  init(_ tensor: StoredTensor) {
    self.init(dtype: tensor.dtype, shape: tensor.shape, copied: 0) { tensor.contents }
  }

  /// The elements of a tensor in another shape; nil where that has not as many.
  init?(_ tensor: StoredTensor, reshaped shape: [Int]) {
    guard shape.count <= CheckpointLimits.rank, tensor.dtype.bitCount(ofShape: shape) == 8 * tensor.contents.count
    else { return nil }
    self.init(dtype: tensor.dtype, shape: shape, copied: 0) { tensor.contents }
  }

  /// Elements of a tensor at the positions of a layout; nil where there is none, or it leaves the tensor.
  init?(_ tensor: StoredTensor, at layout: StridedLayout?) {
    guard let layout, layout.end <= tensor.count, layout.shape.count <= CheckpointLimits.rank else { return nil }
    let width = tensor.dtype.bitCount / 8
    let isPart = layout.isContiguous
    let isShared = isPart && (tensor.contents.isMapped || layout.count == tensor.count)
    self.init(dtype: tensor.dtype, shape: layout.shape, copied: isShared ? 0 : layout.count * width) {
      isPart
        ? tensor.contents[(layout.count == 0 ? 0 : layout.offset) * width..<layout.end * width]
        : .array(tensor.contents.gathered(layout, width: width))
    }
  }

  /// A tensor repeated along axes of size 1 and new ones before its own; nil where other sizes differ.
  init?(_ tensor: StoredTensor, expandedTo shape: [Int]) {
    let added = shape.count - tensor.shape.count
    guard added >= 0, let own = tensor.rowMajorStrides else { return nil }
    var strides = [Int](repeating: 0, count: added)
    for (axis, (size, stride)) in zip(tensor.shape, own).enumerated() {
      guard size == 1 || size == shape[added + axis] else { return nil }
      strides.append(size == 1 ? 0 : stride)
    }
    self.init(tensor, at: StridedLayout(shape: shape, strides: strides))
  }

  /// A range along an axis.
  init?(_ tensor: StoredTensor, taking range: Range<Int>, along axis: Int) {
    guard let strides = tensor.rowMajorStrides else { return nil }
    var shape = tensor.shape
    shape[axis] = range.count
    self.init(
      tensor, at: StridedLayout(shape: shape, strides: strides, offset: range.lowerBound * strides[axis]))
  }

  /// Parts along an axis, whose numbers are arranged in a shape that takes the axis's place; nil where that is too large.
  init?(_ tensor: StoredTensor, taking numbers: [Int], inShape part: [Int], along axis: Int) {
    let shape = tensor.shape[..<axis] + part + tensor.shape[(axis + 1)...]
    guard shape.count <= CheckpointLimits.rank, let bits = tensor.dtype.bitCount(ofShape: Array(shape)), bits % 8 == 0
    else { return nil }
    self.init(dtype: tensor.dtype, shape: Array(shape), copied: bits / 8) {
      if bits == 0 { return .array([]) }
      let (blocks, size) = (tensor.shape[..<axis].reduce(1, *), tensor.shape[axis])
      let width = tensor.contents.count / (blocks * size)
      return tensor.contents.withUnsafeBytes { source in
        var taken: [UInt8] = []
        taken.reserveCapacity(bits / 8)
        for block in 0..<blocks {
          for number in numbers {
            taken += source[(block * size + number) * width..<(block * size + number + 1) * width]
          }
        }
        return .array(taken)
      }
    }
  }

  /// Floating-point numbers as `Float` or `Double`; nil for other types.
  init?(_ tensor: StoredTensor, convertedTo dtype: StoredTensor.DType) {
    guard [.f16, .bf16, .f32, .f64].contains(tensor.dtype), [.f32, .f64].contains(dtype) else { return nil }
    // Converting goes by way of one more copy.
    self.init(dtype: dtype, shape: tensor.shape, copied: tensor.count * (dtype.bitCount / 8 + 8)) {
      dtype == .f64
        ? .array(LittleEndianBytes.encode(tensor.values(as: Double.self) ?? []))
        : .array(LittleEndianBytes.encode(tensor.values(as: Float.self) ?? []))
    }
  }

  /// Tensors one after the other along an axis; nil where their types or their sizes along other axes differ.
  init?(joining parts: [StoredTensor], along axis: Int) {
    guard let first = parts.first, first.shape.indices.contains(axis) else { return nil }
    var (shape, total) = (first.shape, 0)
    for part in parts {
      guard part.dtype == first.dtype, part.shape.count == shape.count,
        shape.indices.allSatisfy({ $0 == axis || part.shape[$0] == shape[$0] })
      else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(part.shape[axis])
      guard !overflow else { return nil }
      total = sum
    }
    shape[axis] = total
    let size = parts.reduce(0) { $0 + $1.contents.count }
    guard first.dtype.bitCount(ofShape: shape) == 8 * size else { return nil }
    let blocks = shape[..<axis].reduce(1, *)
    self.init(dtype: first.dtype, shape: shape, copied: size) {
      size > 0 ? .joining(parts.map(\.contents), blocks: blocks) : .array([])
    }
  }
}
