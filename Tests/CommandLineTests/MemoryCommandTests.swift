import Foundation
import Testing

/// `train --memory`.
@Suite struct MemoryCommandTests {
  private func train(_ memory: String, out: String, in workplace: Workplace) throws -> Outcome {
    try workplace.charrnn([
      "train", "fable.txt", "--plain", "--layers", "1", "--hidden", "32", "--batch", "64", "--length", "400", "--steps",
      "2", "--test-fraction", "0",
      "--sample-every", "0", "--memory", memory, "--out", out, "--overwrite",
    ])
  }

  @Test func aRunInLessMemorySaysSoAndHasTheSameBits() throws {
    let workplace = try Workplace()
    try workplace.write(String(repeating: fable, count: 60), to: "fable.txt")
    let plain = try train("1G", out: "plain", in: workplace)
    expectDone(plain)
    #expect(!plain.errors.contains("computed twice"))
    let sizes = stride(from: 120, to: 20, by: -10)
    let tight = try sizes.lazy.map { try train("\($0)M", out: "tight", in: workplace) }
      .first { $0.errors.contains("computed twice") || $0.code != 0 }
    expectDone(try #require(tight), "activations are computed twice, since memory is too small to keep them")
    #expect(
      try workplace.bytes(of: "tight/last.safetensors") == workplace.bytes(of: "plain/last.safetensors"))
  }

  /// The models that a run is compared with at its end count the text: in memory of their own.
  @Test func theTestIsLeftForLaterWhereCountingMayTakeTooMuch() throws {
    let workplace = try Workplace()
    try workplace.write(String(repeating: fable, count: 1500), to: "fable.txt")
    let outcome = try workplace.charrnn([
      "train", "fable.txt", "--plain", "--layers", "1", "--hidden", "4", "--batch", "2", "--length", "8", "--steps",
      "2",
      "--validation-fraction", "0.001", "--test-fraction", "0.001", "--sample-every", "0", "--memory", "64M",
    ])
    expectDone(outcome, "the test part is left for later")
    #expect(!outcome.errors.contains("models that count:"))
  }

  @Test func tooLittleMemoryIsRefusedWithAdvice() throws {
    let workplace = try Workplace()
    try workplace.write(String(repeating: fable, count: 10), to: "fable.txt")
    let outcome = try train("20K", out: "run", in: workplace)
    #expect(
      outcome.code == 64 && outcome.errors.contains("more --memory where it is given (the program"), "\(outcome.errors)"
    )
    let odd = try train("20", out: "run", in: workplace)
    #expect(odd.code == 64 && odd.errors.contains("a size such as 500K, 200M or 1.5G"), "\(odd.errors)")
  }
}
