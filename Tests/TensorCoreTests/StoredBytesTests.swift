import CharrnnTestSupport
import TensorCore
import Testing

@Suite struct StoredBytesTests {
  private let file = MappedFile(copying: [9, 1, 2, 3, 4, 9], as: "file")

  @Test func partsAreJoinedBlockByBlock() {
    let parts: [StoredBytes] = [.mapped(file, 1..<5), .array([]), .array([5, 6])]
    #expect(StoredBytes.joining(parts).array == [1, 2, 3, 4, 5, 6])
    #expect(StoredBytes.joining(parts, blocks: 2).array == [1, 2, 5, 3, 4, 6])
    #expect(StoredBytes.joining([]).array.isEmpty)
  }

  /// Rows 1 to 39 of the transpose of a matrix [1500, 1200], whose element (i, j) is 1200·i + j.
  private func transposed() -> (bytes: StoredBytes, numbers: [Int64]) {
    let (rows, columns) = (1500, 1200)
    let matrix = StoredBytes.array(LittleEndianBytes.encode((0..<Int64(rows * columns)).map { $0 }))
    let layout = StridedLayout(shape: [39, rows], strides: [1, columns], offset: 1)!
    return (
      matrix.arranged(layout, width: 8), (1..<40).flatMap { j in (0..<rows).map { Int64(columns * $0 + j) } }
    )
  }

  @Test func arrangedBytesAreCopiedWhenTheyAreRead() {
    let (bytes, numbers) = transposed()
    guard case .arranged = bytes else {
      Issue.record("a copy")
      return
    }
    #expect(bytes.count == 8 * numbers.count)
    #expect(bytes.decode() == numbers)
  }

  @Test func anyPartOfArrangedBytesIsThatOfTheirCopy() {
    let (bytes, numbers) = transposed()
    for (start, end) in [
      (0, 10), (7, 1400), (1400, 1600), (0, 3000), (1500, 4500), (1, 58_499), (58_000, 58_500), (9, 9),
    ] {
      let part = bytes[8 * start..<8 * end]
      #expect(part.decode() == Array(numbers[start..<end]), "\(start)..<\(end)")
      #expect(part[0..<part.count / 16 * 8].decode() == Array(numbers[start..<start + (end - start) / 2]))
    }
    let twice = StoredBytes.joined([bytes, .array([]), bytes])
    #expect(twice.decode() == numbers + numbers)
    #expect(twice[8 * 58_000..<8 * 59_000].decode() == Array((numbers + numbers)[58_000..<59_000]))
  }

  @Test func arrangedBytesMayBeArrangedAgain() {
    let (bytes, numbers) = transposed()
    let back = StridedLayout(shape: [1500, 39], strides: [1, 1500])!
    #expect(
      bytes.arranged(back, width: 8).decode() == (0..<1500).flatMap { i in (0..<39).map { numbers[1500 * $0 + i] } })
  }

  /// In pieces of 16 MiB.
  @Test func manyArrangedBytesAreReadPieceByPiece() {
    // Pieces have 16 MB: a debug build has one and the beginning of another.
    let count = amount(debug: 1 << 20 | 3, release: 3 << 20)
    var numbers = [Int64](repeating: 0, count: count)
    numbers[count - 1] = .min
    let layout = StridedLayout(shape: [2, count], strides: [0, 1])!
    let bytes = StoredBytes.array(LittleEndianBytes.encode(numbers)).arranged(layout, width: 8)
    #expect(bytes.firstIndex(where: UInt64(1) << 63) == count - 1)
    #expect(bytes[8 * count..<16 * count].firstIndex(where: UInt64(1) << 63) == count - 1)
    #expect(bytes.isZero(besideHighestBitOf: 8))
    var sizes: [Int] = []
    bytes.forEachPiece { sizes.append($0.count) }
    let piece = 16 << 20
    let pieces = 16 * count / piece
    let rest = 16 * count % piece
    #expect(sizes == Array(repeating: piece, count: pieces) + (rest > 0 ? [rest] : []))
  }

  @Test func zerosMayHaveASign() {
    for (bytes, width, isZero) in [
      ([0, 0, 0, 0x80], 4, true), ([0, 0x80, 0, 0x80], 2, true), ([0, 0x80, 0, 0], 4, false), ([1, 0], 2, false),
      ([0, 0x40], 2, false), ([], 4, true),
    ] as [([UInt8], Int, Bool)] {
      #expect(StoredBytes.array(bytes).isZero(besideHighestBitOf: width) == isZero)
    }
  }
}
