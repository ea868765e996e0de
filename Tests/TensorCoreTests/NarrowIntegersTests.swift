import TensorCore
import Testing

@Suite struct NarrowIntegersTests {
  @Test(arguments: [(1, 0xFF), (2, 0xFFFF), (4, 0x7FFF_FFFF)])
  func numbersComeBackFromTheirLowBytes(width: Int, largest: Int) {
    for count in [0, 1, 7, 1000] {
      let values = (0..<count).map { Int32($0 * 7_654_321 & largest) } + [Int32(largest)]
      let bytes = NarrowIntegers.encode(values[...], width: width)
      #expect(bytes == values.flatMap { value in (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } })
      #expect(NarrowIntegers.decode(bytes, width: width) == values)
      #expect(NarrowIntegers.encode(values.dropFirst(), width: width) == Array(bytes.dropFirst(width)))
    }
  }
}

@Suite struct PlainTextTests {
  @Test func aRunOfPlainBytesEndsAtTheFirstOtherOne() {
    for length in 0...20 {
      for start in 0...length {
        var bytes = (0..<length).map { UInt8(($0 * 37 + 14) % 0x80) }.map { isPlain($0) ? $0 : 0 }
        #expect(endOfPlainText(in: bytes, from: start) == length)
        for place in 0..<length {
          for other in [0x0D, 0x80, 0x8D, 0xFF] as [UInt8] {
            let plain = bytes[place]
            bytes[place] = other
            #expect(endOfPlainText(in: bytes, from: start) == (place < start ? length : place))
            bytes[place] = plain
          }
        }
      }
    }
  }

  @Test func everyByteIsPlainSaveTheCarriageReturnAndThoseAboveASCII() {
    for byte in UInt8.min...UInt8.max {
      #expect(isPlain(byte) == (byte < 0x80 && byte != 0x0D))
      #expect(endOfPlainText(in: [UInt8](repeating: byte, count: 9), from: 0) == (isPlain(byte) ? 9 : 0))
    }
  }
}
