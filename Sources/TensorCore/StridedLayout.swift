/// Positions of the elements of an array, counted in elements: that of index (i, j, …) is offset + i·stride₀ + j·stride₁ + ….
package struct StridedLayout: Equatable, Sendable {
  package let shape: [Int]
  package let strides: [Int]
  package let offset: Int
  /// Elements of the array: the product of the shape.
  package let count: Int
  /// One more than the highest position; 0 of an array without elements.
  package let end: Int

  /// Nil where numbers of axes differ, a number is negative, or a count or a position is beyond `Int.max`.
  package init?(shape: [Int], strides: [Int], offset: Int = 0) {
    guard shape.count == strides.count, offset >= 0, (shape + strides).allSatisfy({ $0 >= 0 }) else { return nil }
    (self.shape, self.strides, self.offset) = (shape, strides, offset)
    if shape.contains(0) {
      (count, end) = (0, 0)
      return
    }
    var (count, last) = (1, offset)
    for (size, stride) in zip(shape, strides) {
      let product = count.multipliedReportingOverflow(by: size)
      let reach = (size - 1).multipliedReportingOverflow(by: stride)
      let sum = last.addingReportingOverflow(reach.partialValue)
      guard !product.overflow, !reach.overflow, !sum.overflow, sum.partialValue < .max else { return nil }
      (count, last) = (product.partialValue, sum.partialValue)
    }
    (self.count, end) = (count, last + 1)
  }

  /// An array whose first index varies fastest, as Fortran stores it.
  package static func columnMajor(_ shape: [Int]) -> StridedLayout? {
    var (strides, stride) = ([Int](), 1)
    for size in shape {
      strides.append(stride)
      let (product, overflow) = stride.multipliedReportingOverflow(by: max(size, 1))
      guard !overflow else { return nil }
      stride = product
    }
    return StridedLayout(shape: shape, strides: strides)
  }

  /// Whether the elements follow each other in row-major order.
  package var isContiguous: Bool {
    if count == 0 { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }
}

extension StoredBytes {
  /// Part of the bytes; of a file, without a copy.
  package subscript(range: Range<Int>) -> StoredBytes {
    switch self {
    case .array(let bytes): range == 0..<bytes.count ? self : .array(Array(bytes[range]))
    case .mapped(let file, let whole):
      .mapped(file, whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
    }
  }

  /// Elements of `width` bytes, 1, 2, 4 or 8, in row-major order of a layout.
  ///
  /// - Precondition: the layout ends within the bytes.
  package func gathered(_ layout: StridedLayout, width: Int) -> [UInt8] {
    switch width {
    case 1: gathered(layout, as: UInt8.self)
    case 2: gathered(layout, as: UInt16.self)
    case 4: gathered(layout, as: UInt32.self)
    case 8: gathered(layout, as: UInt64.self)
    default: programmingError("StoredBytes: no elements of \(width) bytes")
    }
  }

  private func gathered<Element: BitwiseCopyable>(_ layout: StridedLayout, as type: Element.Type) -> [UInt8] {
    let width = MemoryLayout<Element>.size
    require(layout.end <= count / width, "StoredBytes: elements up to \(layout.end) of \(count / width)")
    let (run, step) = (layout.shape.last ?? 1, layout.strides.last ?? 1)
    let (sizes, strides) = (layout.shape.dropLast(), layout.strides.dropLast())
    return withUnsafeBytes { source in
      [UInt8](unsafeUninitializedCapacity: layout.count * width) { target, filled in
        var (index, position) = ([Int](repeating: 0, count: sizes.count), layout.offset)
        let target = UnsafeMutableRawBufferPointer(target)
        while filled < layout.count * width {
          for place in 0..<run {
            let element = source.loadUnaligned(fromByteOffset: (position + place * step) * width, as: Element.self)
            target.storeBytes(of: element, toByteOffset: filled + place * width, as: Element.self)
          }
          filled += run * width
          for axis in sizes.indices.reversed() {
            index[axis] += 1
            position += strides[axis]
            if index[axis] < sizes[axis] { break }
            position -= index[axis] * strides[axis]
            index[axis] = 0
          }
        }
      }
    }
  }

  /// The bytes of each number of `width` bytes, 1, 2, 4 or 8, in reverse: big-endian numbers as little-endian ones, and back.
  package func byteSwapped(width: Int) -> [UInt8] {
    func swapped<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> [UInt8] {
      LittleEndianBytes.encode(decode(as: Number.self).map(\.byteSwapped))
    }
    return switch width {
    case 1: array
    case 2: swapped(UInt16.self)
    case 4: swapped(UInt32.self)
    case 8: swapped(UInt64.self)
    default: programmingError("StoredBytes: no numbers of \(width) bytes")
    }
  }
}
