import LanguageModels
import ModelTraining
import TensorCore

/// A run's options and results, to compare it with others.
package struct RunSummary: Sendable {
  package let path: String
  /// Options of `config.json` in its order; none where the file is not there.
  package let options: [(name: String, value: String)]
  package let metrics: RunMetrics
  /// Hash of the corpus; nil where no model tells.
  package let corpus: String?
  package let parameters: Int?

  /// - Throws: `FileError`, `RunConfigurationError`, `SafetensorsError` or `ModelFileError` for what cannot be read.
  package init(_ directory: RunDirectory) throws {
    path = directory.path
    metrics = try RunMetrics(of: directory)
    let model = directory.holdsRun ? try StoredModel(contentsOf: directory.path) : nil
    (corpus, parameters) = (model?.history?.corpusHash, model?.parameterCount)
    // Checked before its members are read one by one.
    let isObject = try RunConfiguration(of: directory) != nil
    let text = try isObject ? directory.contents(of: directory.configuration) : nil
    options = try text.map { try RunReport.members(ofJSON: String(decoding: $0, as: UTF8.self)) } ?? []
  }

  package func option(_ name: String) -> String { options.first { $0.name == name }?.value ?? "-" }

  /// Names of options in which runs differ, in the order of the first. How much a run reports is no difference, and sizes that
  /// follow from options neither.
  package static func differences(of runs: [RunSummary]) -> [String] {
    let names = runs.flatMap { $0.options.map(\.name) }
    var seen: Set<String> = [
      "run", "replaces", "chosen", "parameters", "charrnn", "threads", "sample_every", "checkpoint_every", "keep",
    ]
    return names.filter { name in
      seen.insert(name).inserted && Set(runs.map { $0.option(name) }).count > 1
    }
  }

  /// Seconds of training, over all parts of the run.
  package var seconds: Double? {
    var clock = RunClock()
    let seconds = metrics.lines.map { clock.seconds(at: $0) }
    return metrics.lines.contains { $0.seconds != nil } ? seconds.last : nil
  }

  /// The median speed, in tokens a second.
  package var speed: Double? {
    let speeds = metrics.lines.compactMap(\.speed).sorted()
    return speeds.isEmpty ? nil : speeds[speeds.count / 2]
  }

  /// Validation losses over the steps.
  ///
  /// - Parameter inBits: in bits a character instead of nats a token.
  package func curve(inBits: Bool) -> Curve {
    Curve(metrics.lines) { inBits ? $0.validationBits : $0.validationLoss }
  }

  /// Whether losses of runs are compared in bits a character: where all have them. Nats a token depend on the tokens.
  package static func areInBits(_ runs: [RunSummary]) -> Bool {
    runs.allSatisfy { $0.metrics.best == nil || $0.metrics.best?.validationBits != nil }
  }

  /// Whether runs are known to be of different texts.
  package static func haveSeveralCorpora(_ runs: [RunSummary]) -> Bool { Set(runs.compactMap(\.corpus)).count > 1 }

  package static let corporaNote =
    "the runs are of different texts; their bits per character are of different predictions, and say little about which "
    + "model is better"
}
