import CSequenceKernels

/// Memory that stays where it is while messages are sent from it or received into it.
///
/// It is written by one thread at a time: its owner before a message is sent, and whoever receives until it has come.
package final class MessageBuffer: @unchecked Sendable {
  package let byteCount: Int
  private let base: UnsafeMutableRawPointer

  /// Memory of which every byte is 0.
  package init(byteCount: Int) {
    self.byteCount = byteCount
    base = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: max(byteCount, 1))
  }

  /// Memory that holds these bytes.
  package convenience init(_ bytes: [UInt8]) {
    self.init(byteCount: bytes.count)
    bytes.withUnsafeBytes { base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count) }
  }

  deinit { base.deallocate() }

  package func bytes(_ range: Range<Int>) -> [UInt8] { Array(UnsafeRawBufferPointer(memory(range))) }

  package func bytes() -> [UInt8] { bytes(0..<byteCount) }

  /// Memory of some bytes, for the system's calls.
  package func memory(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    require(
      range.lowerBound >= 0 && range.upperBound <= byteCount, "MessageBuffer: bytes \(range) of \(byteCount)")
    return UnsafeMutableRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Copies bytes from another buffer to the place `start`.
  package func copy(_ range: Range<Int>, of other: MessageBuffer, to start: Int) {
    memory(start..<start + range.count).copyMemory(from: UnsafeRawBufferPointer(other.memory(range)))
  }

  /// Copies some elements of a tensor to the place of element `start`, counted in scalars.
  package func store<Scalar: TensorScalar>(_ elements: Range<Int>, of tensor: Tensor<Scalar>, at start: Int) {
    tensor.withScalars { source in
      let target = scalars(start..<start + elements.count, of: Scalar.self)
      _ = target.update(fromContentsOf: source[elements])
    }
  }

  /// Copies elements from the place of element `start`, counted in scalars, to some elements of a tensor.
  package func load<Scalar: TensorScalar>(from start: Int, into elements: Range<Int>, of tensor: inout Tensor<Scalar>) {
    let source = scalars(start..<start + elements.count, of: Scalar.self)
    tensor.withMutableScalars { _ = UnsafeMutableBufferPointer(rebasing: $0[elements]).update(fromContentsOf: source) }
  }

  /// Adds as many scalars of another buffer, from element `first` on, to `elements` of this one.
  package func add<Scalar: TensorScalar>(
    _ type: Scalar.Type, from first: Int, of other: MessageBuffer, to elements: Range<Int>
  ) {
    let source = other.scalars(first..<first + elements.count, of: type)
    Scalar.kernels.table.pointee.add_scaled(
      Int64(elements.count), 1, source.baseAddress, scalars(elements, of: type).baseAddress)
  }

  private func scalars<Scalar: TensorScalar>(
    _ range: Range<Int>, of type: Scalar.Type
  ) -> UnsafeMutableBufferPointer<Scalar> {
    let stride = MemoryLayout<Scalar>.stride
    return memory(range.lowerBound * stride..<range.upperBound * stride).bindMemory(to: type)
  }
}
