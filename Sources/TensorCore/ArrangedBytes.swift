/// Elements of bytes in the order of a layout, which are copied when they are read: a matrix that is only transposed to be written
/// is not in memory twice.
package struct ArrangedBytes: Sendable {
  /// An array or a range of a file.
  fileprivate let source: StoredBytes
  fileprivate let layout: StridedLayout
  /// Bytes of an element.
  fileprivate let width: Int

  var count: Int { layout.count * width }

  static func copied(_ parts: [ArrangedBytes]) -> [UInt8] {
    let size = parts.reduce(0) { $0 + $1.count }
    return [UInt8](unsafeUninitializedCapacity: size) { target, filled in
      let target = UnsafeMutableRawBufferPointer(target)
      for part in parts {
        part.source.gather(part.layout, width: part.width, into: .init(rebasing: target[filled..<filled + part.count]))
        filled += part.count
      }
    }
  }

  /// The elements of a range of these bytes, in parts.
  ///
  /// - Precondition: the range divides no element.
  fileprivate subscript(range: Range<Int>) -> [ArrangedBytes] {
    layout.parts(of: range.lowerBound / width..<range.upperBound / width).map {
      ArrangedBytes(source: source, layout: $0, width: width)
    }
  }
}

extension StridedLayout {
  /// Layouts that have the elements of a range of these, in row-major order: of whole rows, and of parts of the rows at its ends.
  fileprivate func parts(of range: Range<Int>) -> [StridedLayout] {
    if range.isEmpty { return [] }
    if range == 0..<count { return [self] }
    let size = count / shape[0]
    func rows(_ rows: Range<Int>) -> StridedLayout {
      StridedLayout(
        shape: [rows.count] + shape.dropFirst(), strides: strides, offset: offset + rows.lowerBound * strides[0])!
    }
    func parts(ofRow row: Int, _ range: Range<Int>) -> [StridedLayout] {
      StridedLayout(
        shape: Array(shape.dropFirst()), strides: Array(strides.dropFirst()), offset: offset + row * strides[0])!
        .parts(of: range.lowerBound - row * size..<range.upperBound - row * size)
    }
    let whole =
      (range.lowerBound + size - 1) / size..<max(range.upperBound / size, (range.lowerBound + size - 1) / size)
    let (start, end) = (whole.lowerBound * size, whole.upperBound * size)
    guard start <= range.upperBound else { return parts(ofRow: range.lowerBound / size, range) }
    return (range.lowerBound < start ? parts(ofRow: whole.lowerBound - 1, range.lowerBound..<start) : [])
      + (whole.isEmpty ? [] : [rows(whole)])
      + (end < range.upperBound ? parts(ofRow: whole.upperBound, end..<range.upperBound) : [])
  }
}

extension StoredBytes {
  /// Bytes that are copied at once where parts are read piece by piece: few enough to be no burden, and many, as each piece of a
  /// transposed matrix reads all of its rows.
  private static let pieceSize = 16 << 20
  /// Bytes that are copied at once, as a part takes some hundreds of them itself.
  private static let smallSize = 4096

  private static func of(_ parts: [ArrangedBytes]) -> StoredBytes {
    let bytes = StoredBytes.arranged(parts)
    return bytes.count <= smallSize ? .array(bytes.array) : bytes
  }

  private var parts: [ArrangedBytes] {
    if case .arranged(let parts) = self { return parts }
    return [ArrangedBytes(source: self, layout: StridedLayout(shape: [count], strides: [1])!, width: 1)]
  }

  /// Part of the bytes, without a copy where they are many.
  ///
  /// - Precondition: of parts with larger elements, none is divided.
  package subscript(range: Range<Int>) -> StoredBytes {
    if range == 0..<count { return self }
    if case .mapped(let file, let whole) = self {
      return .mapped(file, whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
    }
    var (found, start) = ([ArrangedBytes](), 0)
    for part in parts {
      let overlap = range.clamped(to: start..<start + part.count)
      if !overlap.isEmpty { found += part[overlap.lowerBound - start..<overlap.upperBound - start] }
      start += part.count
    }
    return .of(found)
  }

  /// The bytes of parts in pieces; each but for the last has a multiple of 8.
  var arrangedPieces: [StoredBytes] {
    stride(from: 0, to: count, by: Self.pieceSize).map { self[$0..<min($0 + Self.pieceSize, count)] }
  }

  /// Elements of `width` bytes, 1, 2, 4 or 8, in row-major order of a layout, without a copy where they are many. What is arranged
  /// already is copied first.
  ///
  /// - Precondition: the layout ends within the bytes.
  package func arranged(_ layout: StridedLayout, width: Int) -> StoredBytes {
    if case .arranged = self { return StoredBytes.array(array).arranged(layout, width: width) }
    require(layout.end <= count / width, "StoredBytes: elements up to \(layout.end) of \(count / width)")
    return .of([ArrangedBytes(source: self, layout: layout, width: width)])
  }

  /// Bytes one after the other, without a copy where they are many.
  package static func joined(_ parts: [StoredBytes]) -> StoredBytes { .of(parts.flatMap(\.parts)) }
}
