import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

/// Events for TensorBoard say what `metrics.jsonl` says.
@Suite struct TensorBoardCommandTests {
  private let workplace: Workplace
  private static let name = "run/events.out.tfevents.charrnn"

  init() throws {
    workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
  }

  private func train(_ words: [String]) throws -> Outcome {
    try workplace.charrnn(["train", "fable.txt", "--out", "run"] + words)
  }

  private static let options = small + ["--validate-every", "3", "--sample-every", "5"]

  private func events() throws -> EventFile { try EventFile(workplace.bytes(of: Self.name)) }

  private struct Point: Hashable {
    let tag: String
    let step: Int
    let number: Float
  }

  /// Numbers of the metrics, each once; of a step that was measured twice the first.
  private func metrics() throws -> (points: [Point], samples: [Int: String]) {
    let names = [
      "train_loss": "loss/train", "validation_loss": "loss/validation", "test_loss": "loss/test",
      "validation_bits_per_character": "bits_per_character/validation",
      "test_bits_per_character": "bits_per_character/test", "gradient_norm": "gradient_norm",
      "tokens_per_second": "tokens_per_second",
    ]
    var (points, samples): ([Point], [Int: String]) = ([], [:])
    for line in try workplace.bytes(of: "run/metrics.jsonl").split(separator: UInt8(ascii: "\n")) {
      let line = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      let step = try #require(line["step"] as? Int)
      if let text = line["text"] as? String { samples[step] = text }
      let rate = line["text"] == nil ? ["learning_rate": "learning_rate"] : [:]
      for (name, tag) in names.merging(rate, uniquingKeysWith: { one, _ in one }) {
        guard let number = line[name] as? Double else { continue }
        if points.contains(where: { $0.tag == tag && $0.step == step }) { continue }
        points.append(Point(tag: tag, step: step, number: Float(number)))
      }
    }
    return (points, samples)
  }

  private func expectEventsOfTheMetrics(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (points, samples) = try metrics()
    let shown = try events().shown
    let numbers = shown.compactMap { event in event.number.map { Point(tag: event.tag!, step: event.step, number: $0) }
    }
    #expect(Set(numbers) == Set(points) && numbers.count == points.count, sourceLocation: sourceLocation)
    for tag in Set(points.map(\.tag)) {
      let steps = numbers.filter { $0.tag == tag }.map(\.step)
      #expect(steps == steps.sorted(), "\(tag)", sourceLocation: sourceLocation)
    }
    let texts = shown.filter { $0.text != nil }
    #expect(
      texts.map(\.step) == samples.keys.sorted() && texts.allSatisfy { $0.plugin == "text" },
      sourceLocation: sourceLocation)
    for text in texts {
      let lines = text.text?.split(separator: "\n", omittingEmptySubsequences: false).map { $0.dropFirst(4) }
      #expect(lines?.joined(separator: "\n") == samples[text.step], sourceLocation: sourceLocation)
    }
  }

  @Test func eventsAreThoseOfTheMetrics() throws {
    expectDone(try train(["--tensorboard", "--steps", "10"] + Self.options))
    try expectEventsOfTheMetrics()
    let tags = Set(try events().shown.compactMap(\.tag))
    #expect(tags.count == 9 && tags.contains("loss/test"), "\(tags)")
  }

  @Test func aRunThatIsResumedHasNoGapsAndNoDoubles() throws {
    expectDone(try train(["--tensorboard", "--steps", "10"] + Self.options))
    expectDone(try train(["--resume", "--steps", "20"]))
    try expectEventsOfTheMetrics()
    expectDone(try train(["--resume", "--steps", "20"]))
    try expectEventsOfTheMetrics()
  }

  /// A run that is resumed with events has those of its beginning too.
  @Test func eventsMayBeginWithAResume() throws {
    expectDone(try train(["--steps", "10"] + Self.options))
    #expect(!workplace.exists(Self.name))
    expectDone(try train(["--resume", "--steps", "20", "--tensorboard"]))
    try expectEventsOfTheMetrics()
    let times = try events().shown.map(\.time)
    #expect(times == times.sorted())
  }

  /// A run that goes back to an earlier state takes back the events after that.
  @Test func aRunThatDivergesHasTheEventsThatCount() throws {
    let outcome = try train(
      ["--tensorboard", "--steps", "60", "--optimizer", "sgd", "--learning-rate", "1e30", "--clip", "0"] + Self.options)
    #expect(outcome.errors.contains("goes back"), "\(outcome.errors)")
    #expect(try events().events.contains { $0.isStart })
    let shown = try events().shown.filter { $0.tag == "learning_rate" }.map(\.step)
    #expect(shown == Array(Set(shown)).sorted())
  }

  @Test func aNewRunHasNoEventsOfTheOneThatItReplaces() throws {
    expectDone(try train(["--tensorboard", "--steps", "10"] + Self.options))
    expectDone(try train(["--tensorboard", "--overwrite", "--steps", "4"] + Self.options))
    #expect(try events().events.allSatisfy { $0.step <= 4 })
    try expectEventsOfTheMetrics()
    expectDone(try train(["--overwrite", "--steps", "4"] + Self.options))
    #expect(!workplace.exists(Self.name))
  }

  @Test func aFailureToWriteIsSaidOnceAndStopsNothing() throws {
    let run = try workplace.start(
      ["train", "fable.txt", "--out", "run", "--tensorboard", "--time", "2s"] + Self.options)
    let events = workplace.path(of: Self.name)
    try wait { workplace.exists(Self.name) }
    try FileManager.default.removeItem(atPath: events)
    try FileManager.default.createDirectory(atPath: events, withIntermediateDirectories: false)
    let outcome = try run.outcome()
    expectDone(outcome, "\(Self.name): ", "goes on without its events for TensorBoard")
    #expect(outcome.errorLines.count { $0.contains("TensorBoard") } == 1, "\(outcome.errors)")
  }

  /// TensorBoard reads on in a file that stays. The model is large enough to stop early: the expected points of this test ignore
  /// rollbacks, which a run of many thousand steps may have.
  @Test func aRunThatWasStoppedGoesOnWithTheSameFile() throws {
    let size = ["--plain", "--hidden", "64", "--batch", "8", "--length", "16", "--validate-every", "3"]
    let words = ["train", "fable.txt", "--out", "run", "--tensorboard", "--sample-every", "5"] + size
    let run = try workplace.start(words + ["--time", "60s"])
    try wait { workplace.exists("run/best.safetensors") }
    run.process.interrupt()
    #expect(try run.outcome().code == 130)
    let before = try workplace.bytes(of: Self.name)
    let file = try SystemFiles().status(of: workplace.path(of: Self.name)).identity
    let done = try #require(try metrics().points.map(\.step).max())
    expectDone(try workplace.charrnn(words + ["--resume", "--steps", "\(done + 12)"]))
    try expectEventsOfTheMetrics()
    #expect(try workplace.bytes(of: Self.name).starts(with: before))
    #expect(try SystemFiles().status(of: workplace.path(of: Self.name)).identity == file)
  }

  /// A run that was killed while it wrote its events.
  @Test func eventsThatWereCutAreWrittenAnew() throws {
    expectDone(try train(["--tensorboard", "--steps", "10"] + Self.options))
    try workplace.write(Array(workplace.bytes(of: Self.name).dropLast(5)), to: Self.name)
    expectDone(try train(["--resume", "--steps", "20"]))
    try expectEventsOfTheMetrics()
  }
}
