import CharrnnTestSupport
import TensorCore
import Testing

/// Names of files are bytes: as strings they lose none.
@Suite struct SystemTextTests {
  @Test(arguments: 1...40) func everySequenceOfBytesHasAStringOfItsOwn(seed: Int) {
    var generator = SplitMix(seed: seed)
    let parts: [[UInt8]] = [
      [0x61], Array("é".utf8), Array("👍".utf8), Array("e\u{301}".utf8), [0xE9], [0xFF], [0xC3], [0xF4, 0x8F],
      Array("\u{10FEE9}".utf8), Array("\u{10FE80}".utf8), [0x80], Array("\r\n".utf8),
    ]
    let bytes = (0..<12).flatMap { _ in parts.randomElement(using: &generator)! }
    let text = SystemText.text(bytes)
    #expect(SystemText.bytes(of: text) == bytes, "seed \(seed)")
    #expect(SystemText.text(SystemText.bytes(of: text)).unicodeScalars.elementsEqual(text.unicodeScalars))
  }

  @Test(arguments: ["", "a", "né\n", "👍🏽 中", "\u{E000}\u{100000}\u{10FFFD}"]) func textStaysAsItIs(text: String) {
    #expect(SystemText.text(Array(text.utf8)).utf8.elementsEqual(text.utf8))
    #expect(!SystemText.hasEscape(text))
  }

  @Test func bytesThatAreNotTextAreShownInHexadecimal() {
    #expect(SystemText.text([0x61, 0xE9, 0x0A, 0xC3]).printable() == "a\\xE9\\n\\xC3")
    #expect("naïve.txt".printable() == "naïve.txt")
  }

  @Test func aFileWhoseNameIsNotUTF8IsListedAndRead() throws {
    let scratch = try ScratchDirectory()
    let name = SystemText.text([0x63, 0xE9, 0x2E, 0x74])
    let path = scratch.path(of: name)
    #expect((try? SystemFiles().status(of: path)) == nil)
    let missing = #expect(throws: FileError.self) { try FileReader(path) }
    #expect(missing?.kind == .missing)
    #expect(missing?.description.contains("/c\\xE9.t: cannot open") == true)
    try scratch.write([1, 2], bytesOfName: [0x63, 0xE9, 0x2E, 0x74])
    try scratch.write("x", to: "plain")
    #expect(try SystemFiles().status(of: path).kind == .file)
    #expect(try SystemFiles().status(of: scratch.path).kind == .directory)
    #expect(try FileReader(path).rest() == [1, 2])
    #expect(try MappedFile(path)[0..<2] == [1, 2])
    #expect(try SystemFiles().names(in: scratch.path).sorted() == [name, "plain"].sorted())
  }

  @Test func aDirectoryThatCannotBeListedIsAnError() throws {
    let scratch = try ScratchDirectory()
    try scratch.write("x", to: "plain")
    #expect(throws: SystemError.self) { try SystemFiles().names(in: scratch.path(of: "missing")) }
    #expect(throws: SystemError.self) { try SystemFiles().names(in: scratch.path(of: "plain")) }
  }
}
