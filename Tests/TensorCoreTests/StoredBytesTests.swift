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

  @Test func zerosMayHaveASign() {
    for (bytes, width, isZero) in [
      ([0, 0, 0, 0x80], 4, true), ([0, 0x80, 0, 0x80], 2, true), ([0, 0x80, 0, 0], 4, false), ([1, 0], 2, false),
      ([0, 0x40], 2, false), ([], 4, true),
    ] as [([UInt8], Int, Bool)] {
      #expect(StoredBytes.array(bytes).isZero(besideHighestBitOf: width) == isZero)
    }
  }
}
