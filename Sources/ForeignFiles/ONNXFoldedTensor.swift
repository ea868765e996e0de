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
    guard let layout, layout.end <= tensor.count else { return nil }
    let width = tensor.dtype.bitCount / 8
    let isShared = layout.isContiguous
    self.init(dtype: tensor.dtype, shape: layout.shape, copied: isShared ? 0 : layout.count * width) {
      isShared
        ? tensor.contents[(layout.count == 0 ? 0 : layout.offset) * width..<layout.end * width]
        : .array(tensor.contents.gathered(layout, width: width))
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
