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
  /// Elements of `width` bytes, 1, 2, 4 or 8, in row-major order of a layout. Memory of a file's pages that were read for them is
  /// given back.
  ///
  /// - Precondition: the layout ends within the bytes.
  package func gathered(_ layout: StridedLayout, width: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: layout.count * width) { target, filled in
      gather(layout, width: width, into: UnsafeMutableRawBufferPointer(target))
      filled = layout.count * width
    }
  }

  /// Copies the elements of a layout to the start of `target`, as `gathered(_:width:)` gives them.
  func gather(_ layout: StridedLayout, width: Int, into target: UnsafeMutableRawBufferPointer) {
    require(
      layout.end <= count / max(width, 1), "StoredBytes: elements up to \(layout.end) of \(count / max(width, 1))")
    if layout.count == 0 { return }
    switch width {
    case 1: gather(layout, as: UInt8.self, into: target)
    case 2: gather(layout, as: UInt16.self, into: target)
    case 4: gather(layout, as: UInt32.self, into: target)
    case 8: gather(layout, as: UInt64.self, into: target)
    default: programmingError("StoredBytes: no elements of \(width) bytes")
    }
    releasePages()
  }

  private func gather<Element: BitwiseCopyable>(
    _ layout: StridedLayout, as type: Element.Type, into target: UnsafeMutableRawBufferPointer
  ) {
    let width = MemoryLayout<Element>.size
    // In the order of the source: memory of pages that are behind is given back on the way.
    let order = layout.strides.indices.sorted { layout.strides[$0] > layout.strides[$1] }
    let (sizes, steps) = (order.map { layout.shape[$0] }, order.map { layout.strides[$0] })
    let leaps = order.map { axis in layout.shape[(axis + 1)...].reduce(width, *) }
    let (run, step, leap) = (sizes.last ?? 1, steps.last ?? 1, leaps.last ?? width)
    withUnsafeBytes { source in
      var (index, position, place) = ([Int](repeating: 0, count: order.count), layout.offset, 0)
      var (done, released) = (0, 0)
      while done < layout.count {
        if step == 1 && leap == width {
          UnsafeMutableRawBufferPointer(rebasing: target[place..<place + run * width]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[position * width..<(position + run) * width]))
        } else {
          for number in 0..<run {
            let element = source.loadUnaligned(fromByteOffset: (position + number * step) * width, as: Element.self)
            target.storeBytes(of: element, toByteOffset: place + number * leap, as: Element.self)
          }
        }
        done += run
        if abs(position - released) * width >= 1 << 20 {
          if position > released { releasePages(in: released * width..<position * width) }
          released = position
        }
        for axis in order.indices.dropLast().reversed() {
          index[axis] += 1
          position += steps[axis]
          place += leaps[axis]
          if index[axis] < sizes[axis] { break }
          position -= index[axis] * steps[axis]
          place -= index[axis] * leaps[axis]
          index[axis] = 0
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
