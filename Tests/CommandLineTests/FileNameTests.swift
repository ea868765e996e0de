import CharrnnTestSupport
import Foundation
import Testing

/// File names that are not UTF-8, which macOS does not have.
#if os(Linux)
  @Suite struct FileNameTests {
    /// `$name` is `caf`, the byte 0xE9 and nothing that UTF-8 knows.
    private let name = "name=$(printf 'caf\\351'); "
    private let workplace: Workplace

    init() throws {
      workplace = try Workplace()
      try workplace.write(Array(fable.utf8), bytesOfName: Array("caf".utf8) + [0xE9] + Array(".txt".utf8))
      try workplace.write(fable, to: "fable.txt")
    }

    private func shell(_ line: String) throws -> Outcome { try workplace.shell(name + line) }

    @Test func aCorpusAModelAndAPrimeMayHaveANameThatIsNotUTF8() throws {
      let small = small.joined(separator: " ")
      expectDone(try shell("$0 train \"$name.txt\" --steps 1 \(small)"), "caf\\xE9.txt: \(fable.count) tokens")
      #expect(workplace.exists("runs/caf_/last.safetensors"))
      expectDone(try shell("$0 train \"$name.txt\" --resume --steps 2"), "resuming runs/caf_ after step 1")
      expectDone(try shell("mv runs/caf_ \"runs/$name\""))
      expectDone(try shell("$0 evaluate \"runs/$name\" \"$name.txt\""))
      expectDone(try shell("$0 sample \"runs/$name\" --length 1"))
      #expect(try shell("$0 inspect \"runs/$name\"").text.contains("runs/caf\\xE9/best.safetensors\n"))
      let sample = try shell("$0 sample \"runs/$name/best.safetensors\" --prime-file \"$name.txt\" --length 1")
      expectDone(sample)
      #expect(sample.text.hasPrefix(fable))
      expectDone(try shell("$0 train fable.txt --init-from \"runs/$name\" --steps 1 \(small)"))

      let listed = try shell("$0 runs")
      expectDone(listed)
      #expect(listed.text.hasPrefix("runs/caf\\xE9  lstm 2×8"))
      let runs = try #require(try shell("$0 runs --json").json()["runs"] as? [[String: Any]])
      #expect(runs.map { $0["path"] as? String } == ["runs/caf\\xE9", "runs/fable"])
      expectDone(try shell("mkdir \"in$name\" && mv runs/* \"in$name\"; $0 runs --in \"in$name\""))
    }

    @Test func aNameThatIsNotThereIsShownWithItsBytes() throws {
      for line in ["train \"no$name\"", "sample \"no$name\"", "inspect \"no$name\"", "evaluate \"no$name\" fable.txt"] {
        expectError(try shell("$0 \(line)"), 66, "nocaf\\xE9")
      }
      expectError(try shell("$0 runs --in \"no$name\""), 66, "nocaf\\xE9")
      let small = small.joined(separator: " ")
      expectDone(try shell("$0 train fable.txt --out \"$name\" --steps 1 \(small)"), #"charrnn sample $'caf\351'"#)
      #expect(try shell("$0 inspect \"$name\"").text.contains("caf\\xE9/best.safetensors\n"))
    }

    /// A prime on the command line is bytes too.
    @Test func aByteModelTakesAPrimeThatIsNotUTF8() throws {
      let small = small.joined(separator: " ")
      expectDone(try shell("$0 train \"$name.txt\" --out run --steps 1 --tokens byte \(small)"))
      expectError(try shell("$0 sample run --prime \"$name\""), 65, "\"\\xE9\"")
      expectDone(try shell("$0 train fable.txt --out text --steps 1 \(small)"))
      expectError(try shell("$0 sample text --prime \"the $name\""), 65, "the prime: not valid UTF-8 at byte 7")
    }
  }
#endif
