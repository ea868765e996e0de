import CharrnnTestSupport
import Foundation
import Testing

/// Where commands compute.
@Suite struct DeviceCommandTests {
  private let workplace: Workplace
  private static let run = [
    "--plain", "--hidden", "6", "--layers", "1", "--batch", "3", "--length", "5", "--seed", "1",
  ]
  private static let missing =
    "no OpenCL: ./none.so cannot be loaded; install the driver of the graphics card, or pocl-opencl-icd for the processor itself"

  init() throws {
    workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
  }

  private func train(_ out: String, _ options: String...) throws -> Outcome {
    try workplace.charrnn(["train", "fable.txt", "--out", out, "--sample-every", "0"] + Self.run + options)
  }

  /// Runs a command as on a machine without OpenCL.
  private func withoutLibrary(_ words: String) throws -> Outcome {
    try workplace.shell(#"CHARRNN_OPENCL=./none.so exec "$0" "# + words)
  }

  @Test func withoutOpenCLADeviceIsOneLineThatSaysWhatToInstall() throws {
    #expect(try train("run", "--steps", "2").code == 0)
    let training = "train fable.txt --out new --steps 2 " + Self.run.joined(separator: " ")
    let commands = [
      "devices", training + " --device gpu", training + " --device 0", "evaluate run fable.txt --device gpu",
      "sample run --device 0", "gradcheck --device gpu", "benchmark fable.txt --seconds 0.1 --device gpu",
    ]
    for command in commands {
      let outcome = try withoutLibrary(command)
      expectError(outcome, 69)
      #expect(outcome.errors == "charrnn: error: \(Self.missing)\n", "\(command)")
    }
    #expect(!workplace.exists("new"))
    let chosen = try withoutLibrary(training + " --device auto")
    expectDone(chosen, "charrnn: note: training on the CPU: \(Self.missing)\n")
  }

  @Test func whatIsNoDeviceIsRefused() throws {
    for value in ["auto", "gpux", "-1", "1.5", ""] {
      expectError(try workplace.charrnn(["gradcheck", "--device", value]), 64, "--device", "cpu, gpu or a number")
    }
    #expect(try train("run", "--steps", "2").code == 0)
    let refused = [
      ["evaluate", "run", "fable.txt", "--dynamic"], ["sample", "run", "--interactive"],
      ["sample", "run", "--weights", "int8"],
    ]
    for words in refused where hasDevice {
      expectError(try workplace.charrnn(words + ["--device", "0"]), 64, "--device does not go with --")
    }
  }

  @Test(.enabled(if: hasDevice)) func everyDeviceIsListed() throws {
    let device = try #require(testDevice)
    let listed = try workplace.charrnn("devices")
    expectDone(listed)
    #expect(listed.text.contains("\(device.number)  \(device.name), \(device.kind.rawValue)\n"))
    let devices = try #require(try workplace.charrnn("devices", "--json").json()["devices"] as? [[String: Any]])
    #expect(devices[device.number]["memory"] as? Int == device.memory)
    expectError(try train("run", "--device", "99"), 69, "there is no device 99")
  }

  /// Two runs end with the same bits; one goes on on the CPU, with a notice, and predicts what one of the CPU does.
  @Test(.enabled(if: hasDevice)) func aRunOnADeviceIsARunLikeAnyOther() throws {
    let device = "\(try #require(testDevice).number)"
    for out in ["a", "b"] { expectDone(try train(out, "--device", device, "--steps", "8", "--validate-every", "4")) }
    expectDone(try train("c", "--steps", "8", "--validate-every", "4"))
    #expect(try workplace.bytes(of: "a/last.safetensors") == workplace.bytes(of: "b/last.safetensors"))
    func loss(_ run: String, _ options: String...) throws -> Double {
      try #require(try workplace.charrnn(["evaluate", run, "fable.txt", "--json"] + options).json()["loss"] as? Double)
    }
    #expect(abs(try loss("a") - loss("c")) < 1e-5)
    #expect(abs(try loss("a", "--device", device) - loss("a")) < 1e-6)
    let texts = try [["--device", device], []].map {
      try workplace.charrnn(["sample", "a", "--seed", "4", "--length", "40"] + $0).text
    }
    #expect(texts[0] == texts[1])
    let resumed = try train("a", "--resume", "--steps", "10")
    expectDone(resumed, "its bits will differ from those of an unbroken run", "resuming a after step 8")
    #expect(try workplace.charrnn("verify", "a").code == 0)
  }

  /// Several steps are taken there at a time, but not beyond one after which something is due.
  @Test(.enabled(if: hasDevice)) func whatIsDueIsDoneAfterTheSameSteps() throws {
    let device = "\(try #require(testDevice).number)"
    let options = ["--steps", "45", "--validate-every", "7", "--checkpoint-every", "11"]
    func validations(_ out: String, _ words: [String]) throws -> [(step: Int, loss: Double)] {
      expectDone(
        try workplace.charrnn(
          ["train", "fable.txt", "--out", out, "--sample-every", "10"] + Self.run + options + words))
      let lines = String(decoding: try workplace.bytes(of: "\(out)/metrics.jsonl"), as: UTF8.self).split(
        separator: "\n")
      return try lines.compactMap { line in
        let event = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        guard event["event"] as? String == "validation" else { return nil }
        return (try #require(event["step"] as? Int), try #require(event["validation_loss"] as? Double))
      }
    }
    let (found, expected) = (try validations("there", ["--device", device]), try validations("here", []))
    #expect(expected.map(\.step).starts(with: [7, 14, 21, 28, 35, 42]))
    #expect(found.map(\.step) == expected.map(\.step))
    for (found, expected) in zip(found, expected) { #expect(abs(found.loss - expected.loss) < 1e-4) }
  }

  /// The command that goes on with a run names the device, where its bits are.
  @Test(.enabled(if: hasDevice)) func theCommandThatGoesOnNamesTheDevice() throws {
    let device = "\(try #require(testDevice).number)"
    let outcome = try train(
      "run", "--device", device, "--steps", "20", "--validate-every", "2", "--patience", "1", "--learning-rate", "1e-30"
    )
    expectDone(
      outcome, "with more patience: charrnn train fable.txt --resume --out run --device \(device) --patience 2")
  }

  @Test(.enabled(if: hasDevice)) func aDeviceTrainsInSinglePrecisionAlone() throws {
    let device = "\(try #require(testDevice).number)"
    let outcome = try train("run", "--device", device, "--steps", "2", "--precision", "bfloat16")
    #expect(outcome.code == 64 && !workplace.exists("run"), "\(outcome.errors)")
  }
}
