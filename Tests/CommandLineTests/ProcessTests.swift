import CharrnnTestSupport
import Foundation
import Testing

@Suite struct ProcessTests {
  /// Resumes the run for five steps more and compares it with one that was never stopped.
  private func expectSameBytesAsUnbroken(_ workplace: Workplace, _ options: [String]) throws {
    let report = try workplace.charrnn("inspect", "run/last.safetensors", "--json").json()
    let end = "\(try #require(report["step"] as? Int) + 5)"
    expectDone(try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume", "--steps", end))
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "whole", "--steps", end] + options))
    #expect(try workplace.bytes(of: "run/last.safetensors") == workplace.bytes(of: "whole/last.safetensors"))
  }

  /// A signal stops a run after saving it; resumed, it ends with the bytes of one left alone.
  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func aSignalStopsARunAfterSavingIt(signal: Int32) throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let options = small + ["--dropout", "0.2", "--sample-every", "0"]
    let running = try workplace.start(
      ["train", "fable.txt", "--out", "run", "--steps", "1000000", "--checkpoint-every", "1"] + options)
    try wait { workplace.exists("run/last.safetensors") }
    kill(running.process.processIdentifier, signal)
    let outcome = try running.outcome()
    #expect(outcome.code == 128 + signal, "\(outcome.errors)")
    #expect(outcome.errors.contains("the run is saved in run"))
    #expect(outcome.output.isEmpty)

    try expectSameBytesAsUnbroken(workplace, options)
  }

  /// A shell that ignores a signal starts commands that ignore it, as `nohup` does; another signal stops the run then.
  @Test(arguments: [("HUP", SIGHUP, SIGINT), ("INT", SIGINT, SIGTERM), ("TERM", SIGTERM, SIGHUP)])
  func aRunStartedToIgnoreASignalGoesOn(name: String, ignored: Int32, other: Int32) throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let words = ["--out", "run", "--steps", "1000000", "--checkpoint-every", "1", "--sample-every", "0"] + small
    let line = "trap '' \(name); exec $0 train fable.txt \(words.joined(separator: " "))"
    let running = try workplace.start(
      ["-c", line, Workplace.command.path], executable: URL(fileURLWithPath: "/bin/sh"))
    try wait { workplace.exists("run/last.safetensors") }
    kill(running.process.processIdentifier, ignored)
    let before = try workplace.bytes(of: "run/last.safetensors")
    try wait { (try? workplace.bytes(of: "run/last.safetensors")) != before }
    kill(running.process.processIdentifier, other)
    let outcome = try running.outcome()
    #expect(outcome.code == 128 + other, "\(outcome.errors)")
    #expect(outcome.errors.contains("the run is saved in run"))
  }

  @Test func killedOutrightARunGoesOnFromItsLastStateToTheSameBytes() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let options = small + ["--dropout", "0.2", "--sample-every", "0"]
    let running = try workplace.start(
      ["train", "fable.txt", "--out", "run", "--steps", "1000000", "--checkpoint-every", "1"] + options)
    try wait { workplace.exists("run/last.safetensors") }
    kill(running.process.processIdentifier, SIGKILL)
    #expect(try running.outcome().code == -SIGKILL)
    try expectSameBytesAsUnbroken(workplace, options)
  }

  @Test func aRunDirectoryInUseIsAnsweredWith75AndLeftAsItIs() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let command = ["train", "fable.txt", "--out", "run", "--steps", "2"] + small
    expectDone(try workplace.charrnn(command))
    let before = try workplace.bytes(of: "run/last.safetensors")
    let descriptor = open(workplace.path + "/run/run.lock", O_RDWR | O_CLOEXEC)
    #expect(flock(descriptor, LOCK_EX) == 0)
    expectError(try workplace.charrnn(command + ["--overwrite"]), 75, "in use by another run")
    expectError(try workplace.charrnn(command + ["--resume"]), 75, "in use by another run")
    #expect(try workplace.bytes(of: "run/last.safetensors") == before)
    close(descriptor)
    expectDone(try workplace.charrnn(command + ["--resume"]))
  }

  /// Training that diverges beyond repair ends with 70, and saves nothing that is not finite.
  @Test func trainingThatDivergesBeyondRepairEndsWith70() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let outcome = try workplace.charrnn(
      ["train", "fable.txt", "--out", "run", "--cell", "rnn-relu", "--learning-rate", "1e38", "--clip", "0"]
        + ["--steps", "200", "--validate-every", "1", "--checkpoint-every", "1", "--sample-every", "1"] + small)
    #expect(outcome.code == 70)
    let last = try #require(outcome.errorLines.last)
    #expect(last.hasPrefix("charrnn: error: training diverged") && last.contains("not a number"), "\(last)")
    #expect(outcome.errorLines.filter { $0.hasPrefix("charrnn: error:") }.count == 1)
    #expect(outcome.errors.contains("the run goes back to step"))
    for name in ["last", "best"] where workplace.exists("run/\(name).safetensors") {
      expectDone(try workplace.charrnn("inspect", "run/\(name).safetensors"))
    }
  }

  /// A run that goes back to an earlier step and finishes shows a speed all the same, and no number that is none.
  @Test func aRunThatGoesBackShowsASpeed() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let outcome = try workplace.charrnn(
      ["train", "fable.txt", "--out", "run", "--cell", "rnn-relu", "--clip", "0", "--optimizer", "sgd"]
        + ["--learning-rate", "300", "--layers", "1", "--hidden", "8", "--batch", "4", "--length", "16"]
        + ["--steps", "24", "--validate-every", "1", "--sample-every", "0"])
    expectDone(outcome, "the run goes back to step")
    let lines = outcome.errorLines.filter { $0.hasPrefix("step ") }
    #expect(lines.count >= 24)
    for line in lines {
      #expect(line.contains(#/^step [0-9]+/24 /#), "\(line)")
      #expect(line.contains(#/, [0-9.]+[kMGT]? characters/s, [0-9hms ]+ left$/#), "\(line)")
      #expect(!line.contains("nan") && !line.contains("inf"), "\(line)")
    }
  }

  /// A reader that goes away ends sampling quietly; an output that cannot be written is an error.
  @Test func aReaderThatGoesAwayEndsSamplingQuietly() throws {
    let workplace = try Trained.workplace.get()
    let head = try workplace.shell(#"( "$0" sample run --seed 1 --length 3000; echo $? > code ) | head -c 10"#)
    #expect(head.output.count == 10 && head.errors.isEmpty, "\(head.errors)")
    #expect(try workplace.bytes(of: "code") == Array("0\n".utf8))
    expectError(try workplace.shell(#"exec "$0" sample run --seed 1 --length 10 >&-"#), 74)
    expectError(try workplace.shell(#"exec "$0" inspect run >&-"#), 74)
    #if os(Linux)
      expectError(try workplace.shell(#"exec "$0" sample run --seed 1 --length 10 > /dev/full"#), 74, "No space left")
    #endif
    let quiet = try workplace.shell(#"exec "$0" sample run --seed 1 --length 10 2>&-"#)
    #expect(quiet.code == 0 && quiet.output.count >= 10)
    // The samples are lost, which is said by the exit code; the model is not.
    let trained = try workplace.shell(
      #"exec "$0" train fable.txt --out unseen --steps 2 --hidden 4 --batch 2 --length 4 >&- 2>&-"#)
    #expect(trained.code == 74)
    expectDone(try workplace.charrnn("inspect", "unseen/last.safetensors"))
  }
}
