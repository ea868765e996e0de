import CharrnnFuzzing
import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// Arrays of NumPy 2.4.6 come back as they were, and what is no array of numbers is refused by name.
@Suite struct NumPyTests {
  private func header(_ text: String, version: UInt8 = 1, data: Int = 0) -> [UInt8] {
    let length = LittleEndianBytes.encode([UInt16(text.utf8.count)]) + (version == 1 ? [] : [0, 0])
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(text.utf8) + [UInt8](repeating: 0, count: data)
  }

  private func expect(
    _ problem: NumPyError.Problem, from bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: NumPyError(file: "file", array: nil, problem: problem), sourceLocation: sourceLocation) {
      try StoredTensor(npy: memory(bytes))
    }
  }

  // MARK: What is read

  @Test(arguments: ["stored.npz", "deflated.npz"]) func arraysOfAnArchiveComeBackInTheirOrder(name: String) throws {
    let arrays = try NamedTensors(npz: fixture(name))
    #expect(arrays.names == ["z", "a", "empty", "fortran", "line"])
    #expect(arrays["z"] == StoredTensor(ruled(12, number: 1), shape: [3, 4]))
    #expect(arrays["a"] == StoredTensor([2 as Float], shape: []))
    #expect(arrays["empty"] == StoredTensor([] as [Float], shape: [0, 5]))
    #expect(arrays["fortran"] == StoredTensor(ruled(24, number: 3), shape: [2, 3, 4]))
    #expect(arrays["line"] == StoredTensor((0..<500).map { Int32($0) }, shape: [500]))
  }

  @Test(arguments: ["types.npz", "big-endian.npz"]) func everyTypeComesBackInEitherByteOrder(name: String) throws {
    let arrays = try NamedTensors(npz: fixture(name))
    #expect(arrays["f4"] == StoredTensor(ruled(6), shape: [2, 3]))
    #expect(arrays["f8"] == StoredTensor(ruled(6).map { Double($0) }, shape: [2, 3]))
    #expect(arrays["f2"]?.values(as: Float.self) == ruled(6))
    #expect(arrays["i4"] == StoredTensor([0, 1, 2, 3, 4, 5] as [Int32], shape: [2, 3]))
    #expect(arrays["i8"] == StoredTensor([0, 1, 2, 3, 4, 5] as [Int64], shape: [2, 3]))
    #expect(arrays["u1"] == StoredTensor([0, 1, 2, 3, 4, 5] as [UInt8], shape: [2, 3]))
    #expect(arrays["u4"] == StoredTensor([0, 1, 2, 3, 4, 5] as [UInt32], shape: [2, 3]))
    #expect(arrays["u8"] == StoredTensor([0, 1, 2, 3, 4, 5] as [UInt64], shape: [2, 3]))
    let bytes: [UInt8] = [0, 1, 2, 3, 4, 5]
    #expect(arrays["i1"] == StoredTensor(dtype: .i8, shape: [2, 3], bytes: bytes))
    let wide = bytes.flatMap { [$0, 0 as UInt8] }
    #expect(arrays["i2"] == StoredTensor(dtype: .i16, shape: [2, 3], bytes: wide))
    #expect(arrays["u2"] == StoredTensor(dtype: .u16, shape: [2, 3], bytes: wide))
  }

  @Test func truthValuesComeBack() throws {
    #expect(
      try NamedTensors(npz: fixture("types.npz"))["b1"]
        == StoredTensor(dtype: .bool, shape: [2, 3], bytes: [0, 1, 0, 1, 0, 1]))
  }

  @Test(arguments: ["single.npy", "version-2.npy", "version-3.npy"]) func everyVersionIsRead(name: String) throws {
    #expect(try StoredTensor(npy: fixture(name)) == StoredTensor(ruled(6), shape: [3, 2]))
  }

  @Test func aHeaderMayHaveOtherSpacesQuotesAndOrder() throws {
    let text = "{\"shape\":( 2 ,3),'fortran_order' : False,\t'descr':'|u1'}"
    #expect(try StoredTensor(npy: memory(header(text, data: 6))).shape == [2, 3])
  }

  // MARK: What is refused

  @Test(arguments: [
    ("objects.npy", NumPyError.Problem.objects), ("fields.npy", .structured), ("texts.npy", .unknownType("<U1")),
    ("complex.npy", .unknownType("<c8")),
  ]) func whatIsNoNumberIsRefusedByName(name: String, problem: NumPyError.Problem) throws {
    let file = try fixture(name)
    expect(problem, from: file[0..<file.count])
  }

  @Test(arguments: ["<f16", "f4", "=f4", "|f4", "<i3", "", "<", "<M8[s]", "|V4", "<f4x"])
  func anotherTypeOrByteOrder(type: String) {
    expect(.unknownType(type), from: header("{'descr':'\(type)','fortran_order':False,'shape':(),}", data: 4))
  }

  @Test func whatIsNoArray() {
    expect(.notAnArray, from: [])
    expect(.notAnArray, from: Array("NUMPY".utf8))
    expect(.unknownVersion(4), from: header("", version: 4))
    expect(.cutShort(end: 8, size: 6), from: Array(header("").prefix(6)))
    expect(.cutShort(end: 10, size: 9), from: Array(header("").prefix(9)))
    expect(.cutShort(end: 12, size: 10), from: header("").replacing(at: 8, with: [2, 0]))
    expect(.headerTooLong(length: 1 << 24), from: header("", version: 2).replacing(at: 11, with: [1]))
  }

  @Test(arguments: [
    "", "{", "{}", "{'descr'}", "{'descr':'<f4'}", "{'descr':'<f4','descr':'<f4'}", "{'other':1}",
    "{'descr':'<f4','fortran_order':0,'shape':()}", "{'descr':'<f4','fortran_order':False,'shape':(1)}",
    "{'descr':'<f4','fortran_order':False,'shape':(-1,)}", "{'descr':'<f4','fortran_order':False,'shape':(01,)}",
    "{'descr':'<f4','fortran_order':False,'shape':(1,,)}", "{'descr':'<f4','fortran_order':False,'shape':(1 1)}",
    "{'descr':'<f4','fortran_order':False,'shape':()} x", "{'descr':'<f4' 'fortran_order':False,'shape':()}",
    "{'descr':'<f4,'fortran_order':False,'shape':()}", "{'descr':'<f4','fortran_order':False,'shape':[]}",
    "{'descr':__import__('os'),'fortran_order':False,'shape':()}",
  ]) func aHeaderThatIsNotOfTheFormat(text: String) {
    let error = #expect(throws: NumPyError.self) { try StoredTensor(npy: memory(header(text, data: 4))) }
    guard case .malformedHeader? = error?.problem else {
      Issue.record("\(text): \(String(describing: error))")
      return
    }
  }

  @Test(arguments: [
    "9223372036854775807,", "4611686018427387904,4", "99999999999999999999,", "0,4611686018427387904,4",
  ])
  func aShapeOfExabytes(shape: String) {
    expect(.shapeTooLarge, from: header("{'descr':'<f4','fortran_order':True,'shape':(\(shape))}"))
  }

  @Test func moreThan32Dimensions() {
    let shape = [String](repeating: "1", count: 33).joined(separator: ",")
    expect(.tooManyDimensions, from: header("{'descr':'<f4','fortran_order':True,'shape':(\(shape))}", data: 4))
  }

  @Test(arguments: [0, 3, 5, 8]) func dataThatAreNotThoseOfTheShape(count: Int) {
    expect(
      .wrongSize(needed: 4, given: count), from: header("{'descr':'<f4','fortran_order':False,'shape':()}", data: count)
    )
  }

  @Test func aMemberOfAnArchiveThatIsNoArrayIsNamed() {
    for (member, array) in [("a.txt", "a.txt"), ("a.npy", "a")] {
      #expect(throws: NumPyError(file: "file", array: array, problem: .notAnArray)) {
        try NamedTensors(npz: memory(storedArchive([(member, [1, 2, 3])])))
      }
    }
  }
}
