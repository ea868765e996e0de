import CharrnnTestSupport
import Foundation
import Testing

@Suite struct BadCorpusTests {
  /// A corpus that cannot be read or trained on is an error of one line, and leaves nothing behind.
  @Test func aCorpusThatCannotBeReadOrTrainedOnIsAnErrorOfOneLine() throws {
    let workplace = try Workplace()
    try workplace.write("", to: "empty.txt")
    try workplace.write(Array("good".utf8) + [0xFF] + Array("text".utf8), to: "broken.txt")
    try workplace.write("too small", to: "small.txt")
    try FileManager.default.createDirectory(atPath: workplace.path + "/directory", withIntermediateDirectories: false)
    var scalars = String.UnicodeScalarView()
    for number in 0..<17_000 as Range<UInt32> { scalars.append(Unicode.Scalar(0x4E00 + number)!) }
    try workplace.write(String(scalars), to: "binary.txt")
    try workplace.write(fable, to: "fable.txt")
    let before = try workplace.visibleNames

    func train(_ files: String..., options: [String] = []) throws -> Outcome {
      try workplace.charrnn(["train"] + files + ["--steps", "2"] + small + options)
    }
    expectError(try train("missing.txt"), 66, "missing.txt", "no such file")
    expectError(try train("fable.txt", "missing.txt"), 66, "missing.txt")
    expectError(try train("directory"), 66, "directory")
    expectError(try train("empty.txt"), 65, "empty.txt", "empty")
    expectError(try train("broken.txt"), 65, "broken.txt", "byte 4", "--tokens byte")
    expectError(try train("fable.txt", "broken.txt"), 65, "broken.txt", "byte 4")
    expectError(try train("binary.txt"), 65, "17000", "--tokens byte")
    expectError(try train("small.txt"), 65, "8 tokens", "needs 36")
    expectError(try train("missing.txt", options: ["--out", "out"]), 66)
    expectError(try train("small.txt", options: ["--out", "a/b"]), 65)
    #expect(try workplace.visibleNames == before)

    expectDone(
      try workplace.charrnn(
        "train", "broken.txt", "--plain", "--tokens", "byte", "--steps", "2", "--hidden", "4", "--batch", "1",
        "--length", "2"))
  }

  /// A text in another encoding is answered with the command that makes UTF-8 of it, and a compressed one with its tool.
  @Test func anotherEncodingIsAnsweredWithTheCommandThatHelps() throws {
    let workplace = try Workplace()
    let text = String(repeating: "Über den Wölfen, sagte die Krähe.\n", count: 20)
    try workplace.write([0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, to: "my utf-16.txt")
    try workplace.write(text.unicodeScalars.map { UInt8($0.value) }, to: "latin1.txt")
    let cases = [("my utf-16.txt", "begins as UTF-16 does"), ("latin1.txt", "if it is Latin-1")]
    for (name, words) in cases {
      let refused = try workplace.charrnn("train", name)
      expectError(refused, 65, "\(name): not valid UTF-8", words, "; --tokens byte reads any file")
      let command = try #require(refused.errors.firstMatch(of: /iconv .*(?= makes UTF-8 of it)/)).output
      let converted = try workplace.shell("\(command) && \"$0\" doctor '\(name).txt' --json")
      #expect(try converted.json()["characters"] as? Int == text.count, "\(converted.errors)")
    }
    // Under any name.
    expectDone(try workplace.shell("gzip -c 'latin1.txt.txt' > packed"))
    let packed = try workplace.charrnn("train", "packed")
    expectError(packed, 65, "it is compressed: gunzip -c < packed > packed.txt")
    expectDone(try workplace.shell("gunzip -c < packed > packed.txt && cmp packed.txt latin1.txt.txt"))
    // UTF-8 that is cut within a character is no Latin-1, and a letter may come late.
    try workplace.write(text.utf8.prefix(while: { $0 != 0xA4 }) + [0xC3], to: "cut.txt")
    let cut = try workplace.charrnn("train", "cut.txt")
    #expect(cut.code == 65 && !cut.errors.contains("Latin-1"), "\(cut.errors)")
    try workplace.write([UInt8](repeating: 0x61, count: 100_000) + [0xE9, 0x0A], to: "late.txt")
    expectError(try workplace.charrnn("train", "late.txt"), 65, "at byte 100000; if it is Latin-1")
    try workplace.write(Array("MZ".utf8) + [0, 1, 0xFF, 2], to: "program")
    let program = try workplace.charrnn("train", "program")
    expectError(program, 65, "not valid UTF-8 at byte 4; --tokens byte")
    // A model reads text of its own kind alone.
    expectDone(try workplace.charrnn(["train", "latin1.txt.txt", "--out", "run", "--steps", "2"] + small))
    expectError(
      try workplace.charrnn("evaluate", "run", "latin1.txt"), 65, "if it is Latin-1", "reads valid UTF-8 only")
  }

  @Test func theBatchAndLengthThatAreSuggestedForASmallCorpusWork() throws {
    let workplace = try Workplace()
    try workplace.write("A short text, and not much to learn.\n", to: "short.txt")
    let refused = try workplace.charrnn("train", "short.txt", "--plain")
    expectError(refused, 65, "would work")
    let words = refused.errors.split(separator: " ").map(String.init)
    let batch = try #require(words.firstIndex(of: "--batch"))
    let suggested = Array(words[batch..<batch + 4])
    #expect(suggested[2] == "--length")
    expectDone(try workplace.charrnn(["train", "short.txt", "--plain", "--steps", "2", "--hidden", "4"] + suggested))
    #expect(workplace.exists("runs/short/last.safetensors"))
  }

  @Test func aByteOrderMarkIsDroppedAndCRLFKeptEachWithOneNotice() throws {
    let workplace = try Workplace()
    try workplace.write("\u{FEFF}" + fable.replacingOccurrences(of: "\n", with: "\r\n"), to: "windows.txt")
    let outcome = try workplace.charrnn(["train", "windows.txt", "--steps", "1"] + small)
    expectDone(outcome)
    #expect(outcome.errorLines.filter { $0.contains("byte-order mark") }.count == 1, "\(outcome.errors)")
    #expect(outcome.errorLines.filter { $0.contains("CR LF") }.count == 1, "\(outcome.errors)")
    let vocabulary = try #require(
      try workplace.charrnn("inspect", "runs/windows", "--json").json()["vocabulary"] as? [String])
    #expect(vocabulary.contains { $0.utf8.elementsEqual("\r\n".utf8) })
    #expect(!vocabulary.contains { $0.unicodeScalars.contains("\u{FEFF}") })
  }
}
