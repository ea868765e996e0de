import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn doctor`: what a corpus is, which model suits it, and what a run will take.
enum DoctorCommand {
  static let command = Command(
    name: "doctor", summary: "examine a text, and forecast a run on it", arguments: [TrainCommand.corpora],
    groups: TrainOptions.groupsOfForecast,
    usual: ["time", "tokens", "cell", "hidden", "validation", "plain", "threads", "json"],
    example: "charrnn doctor corpora/fables.txt", run: run)

  /// Seconds of training that are measured.
  private static let measured = 3.0

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let arguments = try OptionFile.completing(arguments)
    let input = try TrainOptions.texts(arguments)
    let initial = try TrainCommand.initialModel(arguments)
    let chooses = !arguments[TrainOptions.plain]
    var settings = try TrainOptions.settings(
      arguments, resuming: nil, structure: chooses ? initial?.model.architecture : nil)
    settings.lastFileValidates = arguments[TrainOptions.validation] != nil
    let corpus = try TrainedVocabulary(arguments, initial: initial).corpus(input, settings)
    var limits = try TrainOptions.limits(arguments, resuming: nil)
    let threads = CommonOptions.threadCount(arguments)
    let chosen =
      chooses
      ? try ChosenSettings(
        arguments, settings, limits, on: corpus, from: initial, begun: nil, threads: threads) : nil
    if let chosen { (settings, limits) = (chosen.settings, chosen.limits) }
    if settings.schedule.spansHorizon {
      settings.horizon = try limits.lastStep(stepsPerEpoch: settings.stepsPerEpoch(on: corpus))
    }
    let run = try CharacterRun(settings: settings, corpus: corpus, initial: initial, threads: threads)
    let report = Report(
      names: input.shownNames, run: run, diagnosis: CorpusDiagnosis(of: corpus),
      forecast: try run.forecast(limits: limits, seconds: measured, threads: threads), reasons: chosen?.reasons ?? [],
      command: TrainCommand.explicitCommand(arguments, settings, limits), threads: threads)
    try OutputChannel.standardOutput.write(
      arguments[CommonOptions.json] ? JSONText.object(report.members).line + "\n" : report.table)
    return .done
  }

  private struct Report {
    let names: String
    let run: CharacterRun
    let diagnosis: CorpusDiagnosis
    let forecast: RunForecast
    let reasons: [(options: String, reason: String)]
    let command: String
    let threads: Int

    private var corpus: Corpus { run.corpus }
    private var parts: [(name: String, tokens: Int)] {
      // Before documents stands an end that is not of the text.
      let added = run.text.documentStarts == nil ? 0 : 1
      return [
        ("train", run.split.train.count - added), ("validation", run.split.validation.count),
        ("test", run.split.test.count),
      ]
    }
    private func display(_ symbol: Int32) -> String { corpus.vocabulary.display(symbol) }

    var members: Members {
      [
        ("bytes", .integer(corpus.byteCount)), ("characters", .integer(corpus.characterCount)),
        ("tokens", .integer(corpus.tokens.count)), ("symbols", .integer(corpus.vocabulary.count)),
        ("rare_symbols", .array(diagnosis.rareSymbols.map { .string(display($0)) })),
        (
          "suspicious_symbols",
          .object(diagnosis.suspiciousSymbols.map { (display($0.symbol), .integer($0.count)) })
        ),
        ("misread_characters", .integer(diagnosis.misreadCharacters)),
        ("lines", .integer(diagnosis.lines)), ("longest_line", .integer(diagnosis.longestLine)),
        ("repeated_share", .number(diagnosis.repeatedShare)),
        ("parts", .object(parts.map { ($0.name, .integer($0.tokens)) })),
        ("items", .bool(run.settings.areItems)),
        ("baselines", .object((forecast.baselines?.named ?? []).map { ($0.key, .number($0.loss)) })),
        ("model", .string(run.model.architecture.summary)), ("parameters", .integer(run.model.parameterCount)),
        (
          "chosen",
          .array(reasons.map { .object([("options", .string($0.options)), ("reason", .string($0.reason))]) })
        ),
        ("threads", .integer(threads)), ("steps", JSONText(forecast.steps)),
        ("seconds_per_step", .number(forecast.secondsPerStep)), ("seconds", .number(forecast.seconds)),
        ("memory_mb", .number(forecast.memory)), ("command", .string(command)),
      ]
    }

    var table: String {
      let rows: [(name: String, text: String)] =
        [
          (
            "text",
            "\(names): \(counted(corpus.byteCount, "byte")), \(counted(corpus.characterCount, "character")), \(counted(corpus.tokens.count, "token")), "
              + "\(counted(corpus.vocabulary.count, "symbol"))"
          ),
          ("lines", "\(diagnosis.lines), the longest of \(counted(diagnosis.longestLine, "token"))"),
          ("rare symbols", rareSymbols), ("odd symbols", oddSymbols), ("repeated", repeated),
          (
            "parts",
            parts.map { "\($0.name) \($0.tokens)" }.joined(separator: ", ") + " tokens"
              + (run.text.documentStarts.map { ", in \($0.count) \(run.settings.areItems ? "items" : "documents")" }
                ?? "")
          ),
          ("models that count", baselines),
          ("model", "\(run.model.architecture.summary), \(counted(run.model.parameterCount, "parameter"))"),
        ]
        + reasons.map { ("", "\($0.options): \($0.reason)") } + [
          ("time", time), ("memory", "about \(Readable.fixed(forecast.memory, digits: 0)) MiB"), ("command", command),
        ]
      return rows.map { $0.name.padding(toLength: 20, withPad: " ", startingAt: 0) + $0.text + "\n" }.joined()
    }

    private var rareSymbols: String {
      let rare = diagnosis.rareSymbols
      if rare.isEmpty { return "none" }
      let shown = rare.prefix(12).map(display).joined(separator: " ")
      return "\(rare.count) occur fewer than \(CorpusDiagnosis.rare) times and can hardly be learned: \(shown)"
        + (rare.count > 12 ? " …" : "")
    }

    private var oddSymbols: String {
      var parts = diagnosis.suspiciousSymbols.prefix(12).map { "\(display($0.symbol)) (\($0.count))" }
      if diagnosis.misreadCharacters > 0 {
        parts.append(
          "\(diagnosis.misreadCharacters) pairs like Ã¤: UTF-8 that was read as Latin-1 once; mend it with iconv")
      }
      return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }

    private var repeated: String {
      let percent = Readable.fixed(100 * diagnosis.repeatedShare, digits: 1)
      return "\(percent)% of the text is in lines of \(CorpusDiagnosis.leastRepeated) tokens or more that stood before"
        + (diagnosis.repeatedShare > 0.1 ? "; held-out parts may hold what was trained on" : "")
    }

    private var baselines: String {
      guard let baselines = forecast.baselines else { return "the test part is too small" }
      let rate = forecast.bitsPerNat
      let losses = baselines.named.map { "\($0.name) \(Readable.fixed($0.loss * (rate ?? 1), digits: 3))" }
      return losses.joined(separator: ", ") + (rate == nil ? " nats a token" : " bits a character")
        + " of the test part"
    }

    private var time: String {
      let steps =
        forecast.steps.map {
          "\(counted($0, "step")) of \(Readable.fixed(1000 * forecast.secondsPerStep, digits: 1)) ms"
        }
        ?? "of the time that is given"
      return
        "about \(Readable.time(seconds: forecast.seconds)): \(steps), on \(counted(threads, "thread")) "
        + "(\(InstructionSet.current.rawValue))" + (run.settings.patience == nil ? "" : "; less where patience ends it")
    }
  }
}
