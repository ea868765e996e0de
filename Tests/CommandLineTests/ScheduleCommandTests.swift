import CharrnnTestSupport
import Foundation
import Testing

@Suite struct ScheduleCommandTests {
  private static let options = small + ["--dropout", "0.2", "--sample-every", "0"]

  private func workplace() throws -> Workplace {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    return workplace
  }

  private func configuration(_ workplace: Workplace) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(workplace.bytes(of: "run/config.json")))
    return try #require(object as? [String: Any])
  }

  /// The rates in the metrics, by step.
  private func rates(_ workplace: Workplace) throws -> [Int: Double] {
    let lines = String(decoding: try workplace.bytes(of: "run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
    var rates: [Int: Double] = [:]
    for line in lines.dropFirst() where !line.contains(#""event":"test""#) {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      rates[try #require(object["step"] as? Int)] = try #require(object["learning_rate"] as? Double)
    }
    return rates
  }

  /// The horizon is the length that the run was begun with: it is stored, and going on longer does not change it.
  @Test func theHorizonIsTheLengthThatTheRunWasBegunWith() throws {
    let workplace = try workplace()
    let begin = ["train", "fable.txt", "--out", "run", "--schedule", "cosine", "--validate-every", "5"] + Self.options
    // The time ends this part long before the horizon.
    expectDone(try workplace.charrnn(begin + ["--steps", "20", "--time", "0.000001s"]))
    #expect(try configuration(workplace)["schedule"] as? String == "cosine")
    #expect(try configuration(workplace)["horizon"] as? Int == 20)
    let within = try workplace.charrnn(begin + ["--resume", "--steps", "20"])
    expectDone(within, "resuming run after step 1\n")
    #expect(!within.errors.contains("ends at step"))
    #expect(try rates(workplace)[20] == 0)

    let beyond = try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume", "--steps", "25")
    expectDone(
      beyond, "charrnn: note: the schedule cosine ends at step 20; steps after it change next to nothing\n")
    #expect(try configuration(workplace)["horizon"] as? Int == 20)
    let rates = try rates(workplace)
    for (step, rate) in [(5, 0.001 * (1 + cos(.pi / 4))), (10, 0.001), (20, 0), (25, 0)] {
      #expect(abs(try #require(rates[step]) - rate) < 1e-15, "step \(step)")
    }
  }

  /// The horizon is the first limit in steps, or the length of a usual run; a schedule that needs none has none.
  @Test func theHorizonIsTheFirstLimitOrTheUsualLength() throws {
    let workplace = try workplace()
    let begin = ["train", "fable.txt", "--out", "run", "--overwrite"] + Self.options
    for (words, horizon) in [
      (["--schedule", "cosine", "--epochs", "100", "--steps", "50000"], 1600),
      (["--schedule", "one-cycle", "--epochs", "100", "--steps", "50"], 50),
      (["--schedule", "plateau", "--steps", "9"], nil), (["--epochs", "9"], nil),
    ] {
      expectDone(try workplace.charrnn(begin + words + ["--time", "0.000001s"]))
      #expect(try configuration(workplace)["horizon"] as? Int == horizon, "\(words)")
    }
    let unlimited = try self.workplace()
    let running = try unlimited.start(begin + ["--schedule", "one-cycle"])
    try wait { unlimited.exists("run/config.json") }
    kill(running.process.processIdentifier, SIGKILL)
    #expect(try running.outcome().code == -SIGKILL)
    #expect(try configuration(unlimited)["horizon"] as? Int == 3000)
  }

  /// Killed outright and resumed, a run ends with the bytes of one left alone under every schedule.
  @Test(arguments: sweep(debug: ["plateau"], release: ["cosine", "plateau", "one-cycle"]))
  func aKilledAndResumedRunEndsWithTheSameBytes(schedule: String) throws {
    let workplace = try workplace()
    let options = ["fable.txt", "--steps", "600", "--schedule", schedule, "--learning-rate", "0.05"] + Self.options
    let running = try workplace.start(["train", "--out", "run", "--checkpoint-every", "1"] + options)
    try wait { workplace.exists("run/last.safetensors") }
    kill(running.process.processIdentifier, SIGKILL)
    // Under a heavy load the run may be over by then, and must then be left as it is.
    #expect(try [-SIGKILL, 0].contains(running.outcome().code))
    expectDone(try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume"))
    expectDone(try workplace.charrnn(["train", "--out", "whole"] + options))
    #expect(try workplace.bytes(of: "run/last.safetensors") == workplace.bytes(of: "whole/last.safetensors"))
    let last = try #require(try rates(workplace)[600])
    #expect(last < 0.05, "the test is about a rate that changes")
  }

  /// A schedule that cannot be followed is refused in one line before anything is written.
  @Test func aScheduleThatCannotBeFollowedIsRefusedInOneLine() throws {
    let workplace = try workplace()
    func expectRefusal(_ words: [String], _ message: String) throws {
      let outcome = try workplace.charrnn(words)
      expectError(outcome, 64)
      #expect(outcome.errors == "charrnn: error: \(message)\n")
    }
    let train = ["train", "fable.txt", "--out", "run"] + small
    for schedule in ["cosine", "one-cycle"] {
      for resume in [[], ["--resume"]] {
        let outcome = try workplace.charrnn(train + resume + ["--time", "1s", "--schedule", schedule])
        #expect(outcome.code == 64)
        #expect(
          outcome.errorLines.last ?? ""
            == "charrnn: error: schedule \(schedule) needs a horizon in steps, which --time alone does not give; give "
            + "--epochs or --steps as well (see charrnn train --help)")
      }
    }
    for fraction in ["0", "0.001"] {
      try expectRefusal(
        train + ["--schedule", "plateau", "--validation-fraction", fraction],
        "schedule plateau needs validations, and nothing is held out for them; choose a larger --validation-fraction "
          + "(see charrnn train --help)")
    }
    try expectRefusal(
      train + ["--schedule", "cosin"],
      "--schedule: \"cosin\" is not one of constant, cosine, plateau, one-cycle, wsd; did you mean cosine? "
        + "(see charrnn train --help)")
    for schedule in ["cosine", "plateau", "one-cycle"] {
      try expectRefusal(
        ["benchmark", "fable.txt", "--schedule", schedule] + smallSize,
        "--schedule \(schedule): a benchmark keeps the learning rate constant; leave it out "
          + "(see charrnn benchmark --help)")
    }
    #expect(try workplace.visibleNames == ["fable.txt"])
  }

  /// Going on with a run under another schedule is refused by name, and nothing changes.
  @Test func goingOnWithARunUnderAnotherScheduleIsRefusedByName() throws {
    let workplace = try workplace()
    for started in ["constant", "cosine"] {
      expectDone(
        try workplace.charrnn(
          ["train", "fable.txt", "--out", "run", "--overwrite", "--steps", "2", "--schedule", started] + Self.options))
      let before = try workplace.bytes(of: "run/last.safetensors")
      for other in ["constant", "cosine", "plateau", "one-cycle"] where other != started {
        let outcome = try workplace.charrnn(
          "train", "fable.txt", "--out", "run", "--resume", "--steps", "4", "--schedule", other)
        expectError(outcome, 64)
        #expect(
          outcome.errors
            == "charrnn: error: --schedule is \(other), the run's is \(started); leave it out, or start a new run "
            + "(see charrnn train --help)\n")
      }
      #expect(try workplace.bytes(of: "run/last.safetensors") == before)
    }
  }
}
