import CharrnnTestSupport
import Foundation
import TensorCheckpoints
import Testing

/// Text from a file reaches the terminal without what steers it.
@Suite struct ForeignTextTests {
  private static let name = "a\u{1B}[2J\u{7}\n  decoder.bias  F32 [1]\r\u{9B}31m\u{202E}"

  private func isHarmless(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control && $0 != "\u{202E}" }
  }

  @Test func namesOfTensorsCannotForgeLinesOrSteerTheTerminal() throws {
    let workplace = try Workplace()
    var checkpoint = try Checkpoint(contentsOf: Trained.workplace.get().path + "/run/best.safetensors")
    let plain = checkpoint.names.count
    checkpoint.tensors[Self.name] = StoredTensor([1] as [Float], shape: [1])
    checkpoint.metadata["note"] = Self.name
    try checkpoint.write(to: workplace.path + "/named.safetensors")
    let outcome = try workplace.charrnn("inspect", "named.safetensors")
    expectDone(outcome)
    #expect(isHarmless(outcome.text))
    let tensors = try #require(outcome.text.components(separatedBy: "tensors\n").last)
    #expect(tensors.split(separator: "\n").count == plain + 1)
    #expect(outcome.text.contains(#"  a\u{1B}[2J\u{7}\n  decoder.bias  F32 [1]\r\u{9B}31m\u{202E}  F32 [1]"#))
    let report = try workplace.charrnn("inspect", "named.safetensors", "--json")
    #expect(isHarmless(report.text) && report.text.contains(#"\u202e"#))
    let names = (try report.json()["tensors"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
    #expect(names?.contains(Self.name) == true)
  }

  @Test func namesInErrorsStayOnOneLine() throws {
    let workplace = try Workplace()
    var checkpoint = try Checkpoint(contentsOf: Trained.workplace.get().path + "/run/best.safetensors")
    checkpoint.tensors["rnn." + Self.name] = StoredTensor([1] as [Float], shape: [1])
    try checkpoint.write(to: workplace.path + "/named.safetensors")
    for command in ["inspect", "sample", "verify"] {
      let outcome = try workplace.charrnn(command, "named.safetensors")
      #expect(outcome.code == 65 && outcome.errorLines.count == 1 && isHarmless(outcome.errors), "\(outcome.errors)")
      #expect(isHarmless(outcome.text))
    }
  }
}
