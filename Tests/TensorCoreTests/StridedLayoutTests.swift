import CharrnnTestSupport
import TensorCore
import Testing

/// Elements at the positions of a layout are gathered in row-major order.
@Suite struct StridedLayoutTests {
  /// The elements by the definition of a layout, one index after the other.
  private func slowly(_ source: [UInt8], _ layout: StridedLayout, width: Int) -> [UInt8] {
    (0..<layout.count).flatMap { number -> ArraySlice<UInt8> in
      var (rest, position) = (number, layout.offset)
      for axis in layout.shape.indices.reversed() {
        position += rest % layout.shape[axis] * layout.strides[axis]
        rest /= layout.shape[axis]
      }
      return source[position * width..<(position + 1) * width]
    }
  }

  @Test(arguments: [1, 2, 4, 8]) func anyLayoutIsGatheredAsItIsDefined(width: Int) throws {
    var random = SplitMix(seed: width)
    let source = (0..<4000 * width).map { _ in UInt8.random(in: 0...255, using: &random) }
    let file = MappedFile(copying: source, as: "file")
    for _ in 0..<amount(debug: 100, release: 1000) {
      let rank = Int.random(in: 0...4, using: &random)
      let shape = (0..<rank).map { _ in Int.random(in: 0...5, using: &random) }
      let strides = (0..<rank).map { _ in Int.random(in: 0...100, using: &random) }
      let layout = try #require(
        StridedLayout(shape: shape, strides: strides, offset: Int.random(in: 0...900, using: &random)))
      let wanted = slowly(source, layout, width: width)
      #expect(StoredBytes.array(source).gathered(layout, width: width) == wanted, "\(layout)")
      #expect(StoredBytes.mapped(file, 0..<source.count).gathered(layout, width: width) == wanted, "\(layout)")
    }
  }

  /// Pages of the file are given back on the way and read again where they are needed again.
  @Test func aLargeFileIsGatheredInAnyOrder() throws {
    let folder = try ScratchDirectory()
    let side = 640
    let numbers = (0..<Int32(side * side)).map { $0 &* 7919 }
    let file = try MappedFile(folder.file("numbers", LittleEndianBytes.encode(numbers)))
    let stored = StoredBytes.mapped(file, 0..<file.count)
    let transposed = try #require(StridedLayout(shape: [side, side], strides: [1, side]))
    let found = LittleEndianBytes.decode(stored.gathered(transposed, width: 4), as: Int32.self)
    #expect(found == (0..<side * side).map { numbers[$0 % side * side + $0 / side] })
    let twice = try #require(StridedLayout(shape: [2, side * side], strides: [0, 1]))
    #expect(LittleEndianBytes.decode(stored.gathered(twice, width: 4), as: Int32.self) == numbers + numbers)
  }

  @Test func aLayoutWithoutElementsGathersNone() throws {
    let layout = try #require(StridedLayout(shape: [0, 1 << 62, 1 << 62], strides: [1, 1, 1]))
    #expect(StoredBytes.array([]).gathered(layout, width: 8).isEmpty)
  }
}
