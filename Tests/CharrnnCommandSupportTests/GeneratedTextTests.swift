import CharrnnCommandSupport
import Foundation
import Testing

@Suite struct GeneratedTextTests {
  /// The text that arrives when these pieces are written.
  private func written(_ pieces: [String], isTerminal: Bool) throws -> String {
    let pipe = Pipe()
    var output = GeneratedText(
      OutputChannel(descriptor: pipe.fileHandleForWriting.fileDescriptor), isTerminal: isTerminal)
    for piece in pieces { try output.write(piece) }
    try output.finish()
    try pipe.fileHandleForWriting.close()
    return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  private static let hostile =
    "a\u{1B}[2J\u{7}\u{8}b\r\u{0}\u{9B}31m\u{7F}\u{202E}c\u{2066}d\u{2028}e\u{85}"

  @Test func aFileOrAPipeGetsTheTextAsItIs() throws {
    #expect(try written([Self.hostile, "\r", "\n\t"], isTerminal: false) == Self.hostile + "\r\n\t")
  }

  @Test func aTerminalGetsNothingThatSteersIt() throws {
    let shown = try written([Self.hostile], isTerminal: true)
    let expected =
      #"a\u{1B}[2J\u{7}\u{8}b\r\u{0}\u{9B}31m\u{7F}\u{202E}c\u{2066}d\u{2028}e\u{85}"#
    #expect(shown == expected)
  }

  @Test func lineEndsTabsAndOtherTextPassHoweverTheyAreCut() throws {
    let text = "día 你好 👩🏽‍🚀\tשלום\u{200F}\n\r\nx"
    #expect(try written([text], isTerminal: true) == text)
    #expect(try written(text.unicodeScalars.map { String($0) }, isTerminal: true) == text)
    #expect(try written(["a\r", "b\r"], isTerminal: true) == #"a\rb\r"#)
  }
}
