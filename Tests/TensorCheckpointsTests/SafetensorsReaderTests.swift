import TensorCheckpoints
import TensorCore
import Testing

/// Each way a file can be malformed, and what stays allowed.
@Suite struct SafetensorsReaderTests {
  private func read(_ bytes: [UInt8]) throws -> Checkpoint {
    try Checkpoint(MappedFile(copying: bytes, as: "file"))
  }

  private func file(_ header: String, length: UInt64? = nil, data: Int = 0) -> [UInt8] {
    file(Array(header.utf8), length: length, data: data)
  }

  private func file(_ header: [UInt8], length: UInt64? = nil, data: Int = 0) -> [UInt8] {
    let length = length ?? UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + header + [UInt8](repeating: 0, count: data)
  }

  private func tensor(_ dtype: String = "F32", _ shape: String = "[1]", _ begin: Int = 0, _ end: Int = 4) -> String {
    #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
  }

  private func expect(
    _ problem: SafetensorsError.Problem, from bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: SafetensorsError(file: "file", problem: problem), sourceLocation: sourceLocation) {
      try read(bytes)
    }
  }

  // MARK: What is allowed

  @Test func aForeignFileIsReadAsItIs() throws {
    let header =
      #"{"__metadata__":{"format":"pt"},"b":\#(tensor("F32", "[2]", 0, 8)),"a":\#(tensor("U8", "[]", 8, 9))}"#
    let checkpoint = try read(file(header, data: 9))
    #expect(checkpoint.metadata == ["format": "pt"])
    #expect(checkpoint.tensors.mapValues(\.shape) == ["b": [2], "a": []])
  }

  @Test func spaceIsAllowedBetweenAndAfterTheParts() throws {
    let header = "{ \"a\"\t:\n{ \"shape\" : [ 1 , 1 ] , \"data_offsets\" :\r[ 0 , 4 ] , \"dtype\" : \"F32\" } } \n "
    #expect(try read(file(header, data: 4)).tensors["a"]?.shape == [1, 1])
    #expect(try read(file("{}")).tensors.isEmpty)
  }

  @Test(arguments: [" {}", "\n\t {}", "{\"__metadata__\":null}", "{ \"__metadata__\" : null }"])
  func spaceBeforeTheHeaderAndMetadataOfNullAreRead(header: String) throws {
    let checkpoint = try read(file(header))
    #expect(checkpoint.tensors.isEmpty && checkpoint.metadata.isEmpty)
  }

  @Test(arguments: ["nul", "nullx", "nil"]) func aWordThatIsNotNull(word: String) {
    #expect(throws: SafetensorsError.self) { try read(file("{\"__metadata__\":\(word)}")) }
  }

  @Test func escapesInNamesAreResolved() throws {
    let header = #"{"\u0061\n\"\\\/\b\f\r\t\u00e9\uD83D\uDE00":\#(tensor())}"#
    #expect(try read(file(header, data: 4)).names == ["a\n\"\\/\u{8}\u{c}\r\té😀"])
  }

  @Test func tensorsMayStandInAnyOrderAndBeEmpty() throws {
    let header = #"{"c":\#(tensor("F32", "[2]", 4, 12)),"z":\#(tensor("F32", "[0]", 4, 4)),"a":\#(tensor())}"#
    #expect(try read(file(header, data: 12)).tensors.mapValues(\.count) == ["a": 1, "z": 0, "c": 2])
  }

  @Test(arguments: StoredTensor.DType.allCases)
  func everyTypeOfTheFormatIsRead(dtype: StoredTensor.DType) throws {
    let header = #"{"a":\#(tensor(dtype.rawValue, "[4]", 0, dtype.bitCount / 2))}"#
    #expect(try read(file(header, data: dtype.bitCount / 2)).tensors["a"]?.dtype == dtype)
  }

  // MARK: The length and the text

  @Test(arguments: 0..<8) func aFileShorterThanALength(size: Int) {
    expect(.tooShort(size: size), from: [UInt8](repeating: 0, count: size))
  }

  @Test(arguments: [100_000_001, 1 << 62, 1 << 63, .max]) func aHeaderLengthAboveTheLimit(length: UInt64) {
    expect(.headerTooLong(length: length), from: file("{}", length: length))
  }

  @Test func aHeaderLengthBeyondTheFile() {
    expect(.headerCutShort(end: 11, size: 10), from: file("{}", length: 3))
    expect(.headerCutShort(end: 100_000_008, size: 10), from: file("{}", length: 100_000_000))
  }

  @Test(arguments: ["", "  ", "[]", "\u{feff}{}", "null"]) func aHeaderThatDoesNotStartWithABrace(header: String) {
    expect(.headerNotObject, from: file(header))
  }

  @Test func aHeaderThatIsNotUTF8() {
    expect(.headerNotUTF8(offset: 12), from: file(Array("{\"é".utf8) + [0xff] + Array("\":1}".utf8)))
    expect(.headerNotUTF8(offset: 10), from: file(Array("{\"".utf8) + [0xc0, 0x80] + Array("\":1}".utf8)))
    expect(.headerNotUTF8(offset: 10), from: file(Array("{\"".utf8) + [0xed, 0xa0, 0x80] + Array("\":1}".utf8)))
  }

  @Test(arguments: [
    ("{", 9), ("{}}", 10), ("{},", 10), ("{\"a\"}", 12), ("{\"a\":", 13), ("{\"a\":1}", 13), ("{\"a\":[]}", 13),
    ("{,}", 9),
    ("{\"a", 11), ("{a:1}", 9), ("{'a':1}", 9), ("{\"__metadata__\":[]}", 24), ("{\"__metadata__\":nul}", 24),
    ("{\"__metadata__\":{\"a\":1}}", 29), ("{\"__metadata__\":{\"a\":{}}}", 29), ("{\"__metadata__\":{},}", 27),
    ("{\"a\":{\"dtype\":3}}", 22), ("{\"a\":{\"shape\":3}}", 22), ("{\"a\":{\"shape\":[1,2}}", 26), ("{}\u{0}", 10),
    ("{\"a\":{{{{{{{{{{{{{{{{{{{{{{{{{{", 14), ("{/**/}", 9),
  ])
  func aHeaderThatIsNotJSONOfTheFormat(header: String, offset: Int) {
    let error = #expect(throws: SafetensorsError.self) { try read(file(header)) }
    guard case .malformedHeader(offset, _)? = error?.problem else {
      Issue.record("\(header): \(String(describing: error))")
      return
    }
  }

  @Test(arguments: [
    #"\x"#, #"\u12"#, #"\u12G4"#, #"\uD800"#, #"\uDC00"#, #"\uD800\u0041"#, #"\uD800\n"#, #"\uD83D\uD83D"#, "\u{1}",
    "\n", #"\"#,
  ])
  func aStringThatIsNotJSON(text: String) {
    let error = #expect(throws: SafetensorsError.self) { try read(file("{\"\(text)\":\(tensor())}", data: 4)) }
    guard case .malformedHeader? = error?.problem else {
      Issue.record("\(text): \(String(describing: error))")
      return
    }
  }

  @Test(arguments: ["-1", "01", "00", "1.0", "1.", "1e3", "1E3", "+1", ",", "x", "\"1\"", "null", "[1]", "-0", "0e0"])
  func aNumberThatIsNotAWholeOne(number: String) {
    expect(.notAnInteger(offset: 23), from: file("{\"a\":{\"shape\":[\(number)]}}"))
  }

  @Test(arguments: ["9223372036854775808", "18446744073709551616", "1" + String(repeating: "0", count: 400)])
  func aNumberTooLargeToCount(number: String) {
    expect(.integerTooLarge(offset: 23), from: file("{\"a\":{\"shape\":[\(number)]}}"))
  }

  // MARK: Names

  @Test func aTensorThatStandsTwice() {
    let first = "{\"a\":\(tensor()),"
    for name in [#""a""#, #""\u0061""#] {
      expect(.duplicateName("a", offset: 8 + first.utf8.count), from: file("\(first)\(name):\(tensor())}", data: 4))
    }
  }

  @Test func metadataThatStandTwice() {
    expect(
      .duplicateName("__metadata__", offset: 27), from: file(#"{"__metadata__":{},"__metadata__":{}}"#))
    expect(.duplicateName("k", offset: 32), from: file(#"{"__metadata__":{"k":"","k":""}}"#))
  }

  @Test func aFieldThatStandsTwice() {
    expect(.duplicateName("dtype", offset: 28), from: file(#"{"a":{"dtype":"F32","dtype":"F32"}}"#))
  }

  @Test func aFieldThatTheFormatDoesNotHave() {
    expect(.unknownField("code", tensor: "a"), from: file(#"{"a":{"code":"import os"}}"#))
  }

  @Test func aFieldThatIsMissing() {
    expect(.missingField("dtype", tensor: "a"), from: file(#"{"a":{"shape":[],"data_offsets":[0,4]}}"#, data: 4))
    expect(.missingField("shape", tensor: "a"), from: file(#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, data: 4))
    for offsets in ["", #","data_offsets":[]"#, #","data_offsets":[0]"#, #","data_offsets":[0,4,8]"#] {
      expect(
        .missingField("pair of data_offsets", tensor: "a"),
        from: file(#"{"a":{"dtype":"F32","shape":[1]\#(offsets)}}"#, data: 4))
    }
  }

  // MARK: Tensors

  @Test(arguments: ["F31", "f32", "", "F32 ", "I128"]) func anUnknownType(dtype: String) {
    expect(.unknownDType(dtype, tensor: "a"), from: file("{\"a\":\(tensor(dtype))}", data: 4))
  }

  @Test(arguments: [
    "[9223372036854775807]", "[4611686018427387904,4]", "[3037000500,3037000500]", "[0,4611686018427387904,4]",
    "[4611686018427387904,4,0]", "[4611686018427387904,0,4]", "[1152921504606846976]",
  ])
  func aShapeOfExabytes(shape: String) {
    expect(.shapeTooLarge(tensor: "a"), from: file("{\"a\":\(tensor("F32", shape, 0, 0))}"))
  }

  @Test func aTensorThatEndsInsideAByte() {
    expect(.partialByte(tensor: "a"), from: file("{\"a\":\(tensor("F4", "[3]", 0, 2))}", data: 2))
  }

  @Test func offsetsInReverse() {
    expect(
      .offsetsReversed(tensor: "a", begin: 4, end: 0), from: file("{\"a\":\(tensor("F32", "[1]", 4, 0))}", data: 4))
  }

  @Test func offsetsThatDoNotSpanTheShape() {
    for (shape, end) in [("[2]", 4), ("[1]", 8), ("[0]", 4), ("[]", 0)] {
      let error = #expect(throws: SafetensorsError.self) {
        try read(file("{\"a\":\(tensor("F32", shape, 0, end))}", data: end))
      }
      guard case .sizeMismatch("a", _, end)? = error?.problem else {
        Issue.record("\(shape): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func tensorsThatOverlap() {
    let header = #"{"a":\#(tensor("F32", "[2]", 0, 8)),"b":\#(tensor("F32", "[2]", 4, 12))}"#
    let start = 8 + header.utf8.count
    expect(.overlap(tensor: "b", begin: start + 4, previousEnd: start + 8), from: file(header, data: 12))
    let twins = #"{"a":\#(tensor()),"b":\#(tensor())}"#
    let error = #expect(throws: SafetensorsError.self) { try read(file(twins, data: 4)) }
    guard case .overlap? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aHoleBetweenTensorsOrBeforeTheFirst() {
    let between = #"{"a":\#(tensor()),"b":\#(tensor("F32", "[1]", 8, 12))}"#
    let start = 8 + between.utf8.count
    expect(.hole(tensor: "b", begin: start + 8, previousEnd: start + 4), from: file(between, data: 12))
    let before = #"{"a":\#(tensor("F32", "[1]", 4, 8))}"#
    expect(
      .hole(tensor: "a", begin: 12 + before.utf8.count, previousEnd: 8 + before.utf8.count), from: file(before, data: 8)
    )
  }

  @Test func aTensorBeyondTheEndOfTheFile() {
    let header = "{\"a\":\(tensor("F32", "[2]", 0, 8))}"
    let start = 8 + header.utf8.count
    expect(.cutShort(tensor: "a", end: start + 8, size: start + 7), from: file(header, data: 7))
    let far = "{\"a\":\(tensor("U8", "[0]", .max, .max))}"
    expect(.cutShort(tensor: "a", end: .max, size: 8 + far.utf8.count), from: file(far))
  }

  @Test func bytesAfterTheLastTensor() {
    let header = "{\"a\":\(tensor())}"
    expect(.trailingBytes(offset: 12 + header.utf8.count, count: 3), from: file(header, data: 7))
    expect(.trailingBytes(offset: 10, count: 1), from: file("{}", data: 1))
  }

  @Test func manyTensorsOverTheSameBytes() {
    let entries = (0..<3000).map { "\"\($0)\":\(tensor())" }.joined(separator: ",")
    let error = #expect(throws: SafetensorsError.self) { try read(file("{\(entries)}", data: 4)) }
    guard case .overlap? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aHostileNameIsPrintedOnOneBoundedLine() {
    let name = #"a\n\u001b[2J\""# + String(repeating: "x", count: 5000)
    let error = #expect(throws: SafetensorsError.self) { try read(file("{\"\(name)\":\(tensor("?"))}", data: 4)) }
    let line = error?.description ?? ""
    #expect(line.unicodeScalars.allSatisfy { $0.value >= 32 })
    #expect(line.utf8.count < 300)
  }

  // MARK: Version and checksum

  private func sealed(_ metadata: String) -> [UInt8] {
    file("{\"__metadata__\":{\(metadata)}}")
  }

  @Test func aVersionWithoutAChecksumOrTheReverse() {
    expect(.versionWithoutChecksum, from: sealed(#""format_version":"1""#))
    expect(.checksumWithoutVersion, from: sealed(#""checksum":"\#(String(repeating: "0", count: 64))""#))
  }

  @Test(arguments: ["3", "", "1.0", "one"]) func anUnknownVersion(version: String) {
    expect(.unknownVersion(version), from: sealed(#""format_version":"\#(version)","checksum":"""#))
  }

  @Test func aChecksumThatIsNotOne() {
    let zeros = String(repeating: "0", count: 63)
    for text in ["", zeros, zeros + "00", zeros + "g", zeros + "A", zeros + "é", zeros + #"\u0030"#] {
      expect(.malformedChecksum(offset: 37), from: sealed(#""checksum":"\#(text)","format_version":"1""#))
    }
  }

  @Test func aChecksumOfOtherContent() {
    let zeros = String(repeating: "0", count: 64)
    expect(.checksumMismatch, from: sealed(#""checksum":"\#(zeros)","format_version":"1""#))
  }
}
