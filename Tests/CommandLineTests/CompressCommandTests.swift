import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

@Suite struct CompressCommandTests {
  /// The trained run, and a text to compress.
  private func workplace() throws -> Workplace {
    let copy = try Workplace()
    let trained = try Trained.workplace.get()
    for name in ["run", "fable.txt"] {
      try FileManager.default.copyItem(atPath: "\(trained.path)/\(name)", toPath: "\(copy.path)/\(name)")
    }
    try copy.write("the fox and\r\nHäuser \u{1F98A}\n", to: "text")
    return copy
  }

  private static let modes = [[], ["--dynamic"], ["--with-ngrams"], ["--dynamic", "--with-ngrams"]]

  @Test(arguments: modes) func aFileComesBackAndNothingElseIsWritten(mode: [String]) throws {
    let workplace = try workplace()
    let text = try workplace.bytes(of: "text")
    let compressed = try workplace.charrnn(["compress", "run", "text"] + mode)
    expectDone(compressed, "\(text.count) bytes of content", "bits per character", "bits per byte")
    #expect(compressed.output.isEmpty && compressed.errorLines.count == 1)
    try FileManager.default.removeItem(atPath: workplace.path(of: "text"))
    let restored = try workplace.charrnn("decompress", "run", "text.crnn")
    expectDone(restored, "\(text.count) bytes of content")
    #expect(try workplace.bytes(of: "text") == text)
    #expect(try workplace.visibleNames == ["fable.txt", "run", "text", "text.crnn"])
  }

  @Test func streamsAndReports() throws {
    let workplace = try workplace()
    let text = try workplace.bytes(of: "text")
    let pipe = try workplace.shell("\"$0\" compress run - < text | \"$0\" decompress run - | cmp - text")
    #expect(pipe.code == 0)
    let report = try workplace.charrnn("compress", "run", "text", "--json").json()
    let size = try workplace.bytes(of: "text.crnn").count
    #expect(report["bytes"] as? Int == text.count && report["compressed_bytes"] as? Int == size)
    #expect(report["characters"] as? Int == String(decoding: text, as: UTF8.self).count)
    #expect(report["bits_per_byte"] as? Double == 8 * Double(size) / Double(text.count))
    try workplace.write("", to: "empty")
    let empty = try workplace.charrnn("compress", "run", "empty", "--json").json()
    #expect(empty["bits_per_byte"] is NSNull && empty["bytes"] as? Int == 0)
    expectDone(try workplace.charrnn("decompress", "run", "empty.crnn", "--out", "back"))
    #expect(try workplace.bytes(of: "back").isEmpty)
  }

  @Test func nothingThatIsThereIsReplaced() throws {
    let workplace = try workplace()
    try workplace.write("kept", to: "text.crnn")
    expectError(try workplace.charrnn("compress", "run", "text"), 73, "text.crnn", "--overwrite")
    #expect(try workplace.bytes(of: "text.crnn") == Array("kept".utf8))
    expectDone(try workplace.charrnn("compress", "run", "text", "--overwrite"))
    expectError(try workplace.charrnn("decompress", "run", "text.crnn"), 73, "text", "--out")
    expectDone(try workplace.charrnn("decompress", "run", "text.crnn", "--out", "again"))
    expectError(try workplace.charrnn("compress", "run", "text", "--out", "nowhere/text"), 73, "nowhere/text")
  }

  @Test func wrongUsageIsAnsweredWith64AndWhatIsNotThereWith66() throws {
    let workplace = try workplace()
    expectDone(try workplace.charrnn("compress", "run", "text", "--out", "other"))
    expectError(try workplace.charrnn("decompress", "run", "other"), 64, "--out", ".crnn")
    expectError(try workplace.charrnn("decompress", "run", "other", "--out", "x", "--dynamic"), 64, "--dynamic")
    expectError(try workplace.charrnn("compress", "run", "text", "--out", "-", "--json"), 64, "--json")
    expectError(try workplace.charrnn("compress", "run"), 64, "FILE")
    expectError(try workplace.charrnn("compress", "run", "nothing"), 66, "nothing")
    expectError(try workplace.charrnn("compress", "nowhere", "text"), 66, "nowhere")
    expectError(try workplace.charrnn("decompress", "run", "nothing.crnn"), 66, "nothing.crnn")
  }

  @Test func whatCannotBeRestoredIsAnsweredWith65AndLeavesNothing() throws {
    let workplace = try workplace()
    expectDone(try workplace.charrnn("compress", "run", "text", "--out", "sound"))
    expectDone(try workplace.charrnn("compress", "run", "text", "--out", "learned", "--with-ngrams"))
    let sound = try workplace.bytes(of: "sound")
    var damaged = sound
    damaged[sound.count / 2] ^= 1
    for bytes in [damaged, Array(sound.dropLast()), sound + [0]] {
      try workplace.write(bytes, to: "bad")
      expectError(try workplace.charrnn("decompress", "run", "bad", "--out", "x"), 65, "bad: is damaged", "copy")
    }
    expectError(try workplace.charrnn("decompress", "run", "text", "--out", "x"), 65, "text: is no compressed text")
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "other", "--steps", "3"] + small))
    expectError(
      try workplace.charrnn("decompress", "other", "sound", "--out", "x"), 65,
      "sound: was compressed with another model")
    try workplace.write(fable + "the fox", to: "fable.txt")
    expectError(try workplace.charrnn("decompress", "run", "learned", "--out", "x"), 65, "the text", "trained on")
    expectError(try workplace.charrnn("compress", "run", "text", "--dynamic"), 65, "the text", "trained on")
    expectDone(try workplace.charrnn("decompress", "run", "sound", "--out", "static"))
    #expect(try !workplace.visibleNames.contains("x") && !workplace.visibleNames.contains("text.crnn"))
  }

  /// Files that were compressed on x86-64: every machine, instruction set and number of threads writes and reads the same.
  @Test(arguments: InstructionSet.allCases.filter(\.isSupported)) func theBytesAreTheSameEverywhere(
    set: InstructionSet
  ) throws {
    let workplace = try Workplace()
    let fixture = Repository.fixture("compressed").path
    for name in try FileManager.default.contentsOfDirectory(atPath: fixture) {
      try FileManager.default.copyItem(atPath: "\(fixture)/\(name)", toPath: workplace.path(of: name))
    }
    for (index, (name, mode)) in zip(["static", "dynamic", "ngrams", "both"], Self.modes).enumerated() {
      // Of each mode one is with 1 thread and the other with 2.
      let (compressing, decompressing) = (1 + index % 2, 2 - index % 2)
      let options = (mode + ["--threads", "\(compressing)"]).joined(separator: " ")
      let line =
        "CHARRNN_ISA=\(set) \"$0\" compress run text.txt --out again --overwrite \(options) && cmp again \(name)"
        + " && CHARRNN_ISA=\(set) \"$0\" decompress run \(name) --out - --threads \(decompressing) | cmp - text.txt"
      let outcome = try workplace.shell(line)
      #expect(outcome.code == 0, "\(name), \(compressing) threads: \(outcome.text) \(outcome.errors)")
    }
  }
}
