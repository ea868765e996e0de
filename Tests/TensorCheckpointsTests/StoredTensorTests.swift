import TensorCheckpoints
import Testing

@Suite struct StoredTensorTests {
  private func expectRoundTrip<Value: StoredValue & Equatable>(_ values: [Value]) {
    let tensor = StoredTensor(values, shape: [2, values.count / 2])
    #expect(tensor.dtype == Value.dtype)
    #expect(tensor.count == values.count)
    #expect(tensor.bytes.count * 8 == values.count * tensor.dtype.bitCount)
    #expect(tensor.values() == values)
  }

  @Test func valuesComeBackAsTheyWere() {
    expectRoundTrip([0, -0.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude] as [Float])
    expectRoundTrip([0, -0.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude] as [Double])
    expectRoundTrip([0, -1, .min, .max] as [Int32])
    expectRoundTrip([0, -1, .min, .max] as [Int64])
    expectRoundTrip([0, 1, 2, .max] as [UInt8])
    expectRoundTrip([0, 1, 2, .max] as [UInt32])
    expectRoundTrip([0, 1, 2, .max] as [UInt64])
  }

  @Test func aScalarAndAnEmptyTensorHaveShapes() {
    #expect(StoredTensor([3.5] as [Float], shape: []).values() == [3.5] as [Float])
    #expect(StoredTensor([] as [Float], shape: [0, 5]).values() == [] as [Float])
  }

  @Test func bytesAreLittleEndian() {
    #expect(StoredTensor([0x0102_0304] as [Int32], shape: [1]).bytes == [4, 3, 2, 1])
  }

  @Test func floatingPointTypesConvertAndIntegersDoNot() {
    let double = StoredTensor([1 / 3, 1e300] as [Double], shape: [2])
    #expect(double.values(as: Float.self) == [1 / 3, .infinity])
    let float = StoredTensor([1 / 3] as [Float], shape: [1])
    #expect(float.values(as: Double.self) == [Double(1 / 3 as Float)])
    let brain = StoredTensor(dtype: .bf16, shape: [2], bytes: [0x80, 0x3f, 0x49, 0xc0])
    #expect(brain.values(as: Float.self) == [1, -3.140625])
    #expect(brain.values(as: Double.self) == [1, -3.140625])
    #expect(float.values(as: Int32.self) == nil)
    #expect(StoredTensor([1] as [Int32], shape: [1]).values(as: Float.self) == nil)
    #expect(StoredTensor([1] as [Int32], shape: [1]).values(as: Int64.self) == nil)
  }

  #if !(os(macOS) && arch(x86_64))
    @Test func everyHalfPrecisionNumberReadsAsItsValue() throws {
      let all = (0...UInt16.max).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      let values = try #require(StoredTensor(dtype: .f16, shape: [65536], bytes: all).values(as: Float.self))
      let wrong = (0...UInt16.max).first { bits in
        let (expected, found) = (Float(Float16(bitPattern: bits)), values[Int(bits)])
        return expected.isNaN ? !found.isNaN : expected.bitPattern != found.bitPattern
      }
      #expect(wrong == nil)
    }
  #endif

  @Test func theSizeOfAShapeDoesNotDependOnTheOrderOfItsFactors() {
    let dtype = StoredTensor.DType.f32
    #expect(dtype.bitCount(ofShape: []) == 32)
    #expect(dtype.bitCount(ofShape: [2, 3]) == 192)
    for (factors, expected) in [
      ([2, 0, 5], 0), ([0, .max, .max], nil), ([1 << 31, 1 << 31, 2], nil), ([.max, 1, 1], nil), ([-1, 2, 3], nil),
    ] as [([Int], Int?)] {
      for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let shape = order.map { factors[$0] }
        #expect(dtype.bitCount(ofShape: shape) == expected, "\(shape)")
      }
    }
  }

  @Test func theFirstNonFiniteElementIsFoundInEveryFloatingPointType() {
    #expect(StoredTensor([0, 1, .nan, .infinity] as [Float], shape: [4]).firstNonFinite() == 2)
    #expect(StoredTensor([0, -.infinity] as [Double], shape: [2]).firstNonFinite() == 1)
    #expect(StoredTensor([.greatestFiniteMagnitude, -0.0] as [Float], shape: [2]).firstNonFinite() == nil)
    #expect(StoredTensor([.max, .min] as [Int32], shape: [2]).firstNonFinite() == nil)
    let bytes: [(StoredTensor.DType, [UInt8])] = [
      (.f16, [0xff, 0x7b, 0x00, 0x7c]), (.bf16, [0x7f, 0x7f, 0x80, 0xff]), (.f8e5m2, [0x7b, 0x7c]),
      (.f8e4m3, [0x7e, 0xff]), (.f8e8m0, [0xfe, 0xff]), (.f8e4m3fnuz, [0x7f, 0x80]), (.f8e5m2fnuz, [0xff, 0x80]),
      (.c64, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x7f]),
    ]
    for (dtype, bytes) in bytes {
      #expect(StoredTensor(dtype: dtype, shape: [2], bytes: bytes).firstNonFinite() == 1, "\(dtype)")
    }
  }
}
