import Foundation
import LanguageModels
import ModelTraining
import SequenceText
import TensorCheckpoints
import TensorCore

/// The page `report.html` of a run directory: losses and other measurements over the steps, samples with what they copy from
/// the corpus, options, vocabulary. It is one file that needs no network.
///
///     var report = RunReport(RunDirectory("runs/fables"))
///     try report.write()
///
/// It may be written again and again while the run goes on: only lines that were added to `metrics.jsonl` are read then.
public struct RunReport {
  let directory: RunDirectory
  /// Command lines to go on with, and what each is for.
  let commands: [(purpose: String, line: String)]
  private(set) var metrics = RunMetrics()
  private var vocabulary: Vocabulary?

  /// - Parameter commands: command lines that the page offers to go on with.
  public init(_ directory: RunDirectory, commands: [(purpose: String, line: String)] = []) {
    (self.directory, self.commands) = (directory, commands)
  }

  /// Writes the page from what the directory holds now. The page that was there is replaced whole or not at all.
  ///
  /// - Throws: `FileError`.
  public mutating func write() throws(FileError) {
    let html = try page().html
    try AtomicFile.write([Array(html.utf8)], to: directory.report, using: directory.files)
  }

  /// The page as `write` writes it.
  package mutating func page() throws(FileError) -> HTMLPage {
    try metrics.readOn(directory)
    if vocabulary == nil { vocabulary = try? StoredModel(contentsOf: directory.path).vocabulary }
    let sections = [figures, Self.charts, samples, commandLines, try options(), vocabularyTable(vocabulary)]
    return HTMLPage(
      title: directory.path, body: sections.joined(), script: ChartScript.text + "\n" + ReportScript.text, data: data)
  }

  /// Losses of models that count on the test part, in nats a token; nil where they are not known.
  private var baselines: Baselines? { metrics.test?.baselines ?? KeptBaselines(in: directory).only }

  private var data: JSONText {
    [
      "bits_per_nat": JSONText(metrics.bitsPerNat), "best": Self.json(metrics.best), "last": Self.json(metrics.last),
      "test": metrics.test.map {
        ["step": .integer($0.step), "loss": JSONText($0.testLoss), "bits": JSONText($0.testBits)]
      }
        ?? .null,
      "baselines": .array((baselines?.named ?? []).map { ["name": .string($0.name), "loss": .number($0.loss)] }),
      "curves": .object(Self.curves.map { ($0.name, Curve(metrics.lines, $0.value).json) }),
      "marks": .array(
        metrics.lines.filter { RunMetrics.recoveries.contains($0.event) }.suffix(Self.mostMarks).map {
          ["step": .integer($0.step), "event": .string($0.event), "reason": .string($0.reason ?? "")]
        }),
    ]
  }

  private static let mostMarks = 200

  private static let curves: [(name: String, value: @Sendable (RunMetrics.Line) -> Double?)] = [
    ("train_loss", { $0.trainLoss }), ("validation_loss", { $0.validationLoss }),
    ("learning_rate", { $0.text == nil ? $0.learningRate : nil }), ("gradient_norm", { $0.gradientNorm }),
    ("tokens_per_second", { $0.speed }),
  ]

  private static func json(_ line: RunMetrics.Line?) -> JSONText {
    guard let line else { return .null }
    return [
      "step": .integer(line.step), "epoch": JSONText(line.epoch), "seconds": JSONText(line.seconds),
      "train_loss": JSONText(line.trainLoss), "validation_loss": JSONText(line.validationLoss),
      "bits": JSONText(line.validationBits),
    ]
  }
}
