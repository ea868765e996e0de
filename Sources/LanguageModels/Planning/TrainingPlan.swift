import ModelTraining
import SequenceText
import TensorCore

/// Settings and limits of a run that suit a corpus: chosen from the number of its tokens and symbols, and from the arithmetic that
/// may be spent on it.
///
/// The numbers were found by trying them on texts of 3 KB to 1 MB: names, prose, a play, a log, source code, Japanese.
public struct TrainingPlan: Sendable {
  /// The given settings, and the chosen ones beside them.
  public private(set) var settings: TrainingSettings
  public private(set) var limits: TrainingLimits
  public private(set) var choices: [Choice] = []

  /// Settings or limits that were chosen together, and the reason.
  public struct Choice: Sendable, Equatable {
    /// Names of settings, or of limits.
    public let names: [String]
    /// A few words.
    public let reason: String
  }

  /// Names of the settings that are chosen where they are not given.
  public static let chosenNames: Set<String> = [
    "items", "each-file", "layers", "hidden", "embedding", "tie", "batch", "length", "learning-rate", "locked-dropout",
    "weight-drop",
    "schedule",
    "average",
    "validate-every", "patience",
  ]

  private let given: Set<String>
  /// Tokens to train on, and their symbols.
  private let (tokens, symbols): (Int, Int)
  private let heldOut: Int

  /// Chooses the settings that are not given.
  ///
  /// - Parameters:
  ///   - settings: their values stay where they are given, and their defaults where nothing is chosen.
  ///   - given: names of settings, as in `SettingField.all`, that are not to be chosen.
  ///   - limits: with epochs or steps, the run has that end; with seconds, it also ends when validation stops improving; without
  ///     any, the steps are chosen too.
  ///   - operations: floating-point operations to spend on training; nil for what usually pays. Where epochs or steps are
  ///     given, they decide the size alone.
  ///   - ranks: processes that share a batch, which has a stream for each.
  /// - Throws: where the corpus cannot be split as the settings say, or a setting has a value that it cannot have.
  public init(
    for corpus: Corpus, keeping settings: TrainingSettings = TrainingSettings(), given: Set<String> = [],
    limits: TrainingLimits = TrainingLimits(), operations: Double? = nil, ranks: Int = 1
  ) throws(CharacterRunError) {
    if let problem = settings.problem { throw .settings(problem) }
    var settings = settings
    // Gradients of documents flow back through the length alone.
    if given.isDisjoint(with: ["items", "each-file", "separator", "split-by", "backward-length"]) {
      let end = settings.lastFileValidates ? corpus.fileStarts.last ?? 0 : corpus.tokens.count
      settings.areItems = !corpus.kind.isOfPieces && corpus.isList(corpus.tokens[..<end])
      let hasFiles = Self.files(of: corpus, settings) >= Self.manyFiles
      settings.filesAreDocuments = !settings.areItems && hasFiles && Self.drawsFiles(of: corpus, settings)
    }
    let split = try settings.arranged(corpus).split
    (self.settings, self.limits, self.given) = (settings, limits, given)
    (tokens, symbols, heldOut) = (split.train.count, corpus.vocabulary.count, split.validation.count)
    if settings.areItems { note(["items"], "many short lines, of few words each") }
    if settings.filesAreDocuments { note(["each-file"], "\(Self.files(of: corpus, settings)) files") }
    if corpus.kind.isOfPieces { chooseEmbedding() }
    let budget = operations ?? Self.usualOperations(tokens: tokens, symbols: symbols)
    chooseSize(budget)
    chooseUpdates(ranks: ranks)
    chooseDropping(budget)
    chooseCourse()
    try chooseEnd(budget, on: corpus)
  }

  /// Operations that usually pay: those of 11 passes through the text by an LSTM of 2 × 128 units (14 where there are many
  /// symbols), more for a short text, and no more than some minutes.
  public static func usualOperations(tokens: Int, symbols: Int) -> Double {
    let ofToken = Double(CharacterModel<Float>(ModelShape(Architecture(), vocabulary: symbols)).operationsPerToken)
    let passes = symbols > manySymbols ? 14.0 : 11
    return ofToken * min(max(passes * Double(tokens), 1e6), 3e7)
  }

  private func operationsPerToken(hidden: Int? = nil) -> Double {
    var architecture = settings.architecture
    if let hidden { architecture.hidden = hidden }
    if isTiedToUnits { architecture.embedding = architecture.hidden }
    return Double(CharacterModel<Float>(ModelShape(architecture, vocabulary: symbols)).operationsPerToken)
  }

  /// Whether the embedding is chosen to be as wide as the layers, and the decoder with it.
  private var isTiedToUnits: Bool { choices.contains { $0.names.contains("tie") } }

  /// Words and subwords, of which there are many, share the weights of the embedding and of the decoder.
  private mutating func chooseEmbedding() {
    let others: Set = ["embedding", "tie", "projection"]
    guard given.isDisjoint(with: others) else { return }
    (settings.isTied, settings.embedding) = (true, settings.hidden)
    note(["embedding", "tie"], "\(counted(symbols, "symbol")), whose weights serve twice")
  }

  /// Units: as many as can still read the text often enough, the more often the shorter it is.
  private mutating func chooseSize(_ budget: Double) {
    let reason = "as many as can read the text often enough in what is to be spent"
    if !given.contains("layers") && !settings.residual {
      settings.layers = settings.cell.mixesUnits ? 1 : 3
      note(
        ["layers"], settings.cell.mixesUnits ? reason : "units of \(settings.cell.rawValue) meet between layers alone")
    }
    // Other widths are bound to that of the layers.
    let isBound = settings.isTied && !isTiedToUnits || settings.heads > 1 || settings.projection > 0
    if given.contains("hidden") || isBound { return }
    let ofMillion = tokens < Self.longText ? 3 : 2.5
    let leastPasses = min(ofMillion * max(1, 1e6 / Double(tokens)).squareRoot(), Self.mostPasses)
    let sizes = [64, 96, 128, 192, 256, 384, 512].filter { !isShort || $0 <= 256 }
    settings.hidden =
      sizes.last { budget / operationsPerToken(hidden: $0) >= leastPasses * Double(tokens) } ?? sizes[0]
    if isTiedToUnits { settings.embedding = settings.hidden }
    note(["hidden"], reason)
  }

  /// Files of which each is a text by itself, and of which enough are drawn for each part.
  private static let manyFiles = 20

  /// Files to draw parts from.
  private static func files(of corpus: Corpus, _ settings: TrainingSettings) -> Int {
    corpus.fileStarts.count - (settings.lastFileValidates ? 1 : 0)
  }

  /// Whether files can be drawn for validation and test that have at least half of what these are to have: a few large files with
  /// many small ones cannot.
  private static func drawsFiles(of corpus: Corpus, _ settings: TrainingSettings) -> Bool {
    var byFiles = settings
    byFiles.filesAreDocuments = true
    guard let drawn = try? byFiles.arranged(corpus).split, let whole = try? settings.arranged(corpus).split else {
      return false
    }
    return [.validation, .test].allSatisfy { 2 * drawn[$0].count >= whole[$0].count }
  }

  /// Symbols, as of Japanese, of which most stand so seldom that their weights soon know each place by heart.
  private static let manySymbols = 256
  /// Tokens of a text that is no longer better learned in more and smaller updates.
  private static let longText = 200_000
  /// Whether it is soon learned by heart: such a text is trained on in small steps, with much dropping.
  private var isShort: Bool { tokens < 10_000 }
  /// Reading a short text more often teaches nothing more.
  private static let mostPasses = 25.0

  /// Streams, length and rate.
  private mutating func chooseUpdates(ranks: Int) {
    var (batch, length) = isShort ? (4, 32) : tokens < Self.longText ? (16, 32) : (32, 64)
    if given.contains("length") { length = settings.length }
    if given.contains("batch") { batch = settings.batch }
    // A text that is too short for a window is cut into fewer streams, then into shorter windows.
    if !given.contains("batch") { batch = max(1, min(max(batch, ranks), tokens / (length + 1))) }
    if !given.contains("length") { length = max(1, min(length, tokens / batch - 1)) }
    (settings.batch, settings.length) = (batch, length)
    note(["batch", "length"], "\(counted(tokens, "token")) to learn from")
    if given.isDisjoint(with: ["learning-rate", "optimizer"]) {
      // More units bear less of it: 768 diverged at 0.015.
      let ofLong = 0.015 * min(1, 320 / Double(settings.hidden))
      let highest = tokens < Self.longText ? min(0.01, ofLong) : ofLong
      let rate = settings.cell == .lstm ? highest : min(highest, settings.cell.isGated ? 0.005 : 0.002)
      settings.learningRate = (rate * 1e4).rounded() / 1e4
      note(["learning-rate"], "as high as \(settings.hidden) units of \(settings.cell.rawValue) bear")
    }
  }

  private var tokensPerStep: Double { Double(settings.batch) * Double(settings.length) }

  /// How often the run reads the text.
  private func passes(_ budget: Double) -> Double {
    let ofSteps = limits.steps.map { Double($0) * tokensPerStep / Double(max(tokens, 1)) }
    let isOpen = limits.seconds != nil || limits.steps == nil && limits.epochs == nil
    let ofBudget = isOpen ? passesPaid(budget) : nil
    return [ofSteps, limits.epochs.map(Double.init), ofBudget].compactMap { $0 }.min() ?? 1
  }

  private func passesPaid(_ budget: Double) -> Double {
    let passes = budget / operationsPerToken() / Double(max(tokens, 1))
    return isShort ? min(passes, Self.mostPasses) : passes
  }

  /// Dropping, the more of it the more often a weight is taught by each token: passes × weights / tokens.
  private mutating func chooseDropping(_ budget: Double) {
    let isGiven = SettingField.all.contains { $0.group == .dropping && given.contains($0.name) }
    if isGiven { return }
    let (passes, weights) = (passes(budget), operationsPerToken() / 6)
    let (units, dropped) =
      switch passes * weights / Double(max(tokens, 1)) {
      case ..<5: (0.0, 0.0)
      case ..<25: (0.2, 0.1)
      case ..<(symbols > Self.manySymbols ? 25 : 60): (0.3, 0.2)
      case ..<1000: (0.5, 0.3)
      default: (0.6, 0.5)
      }
    if units == 0 { return }
    let times = Int(max(1, min(passes, 1e9)))
    let reason = "\(Int(weights)) weights read the text \(times == 1 ? "once" : "\(times) times")"
    settings.lockedDropout = units
    note(["locked-dropout"], reason)
    // Dropped weights grow those that stay: without a gate that bounds the state, it may grow without end.
    if settings.cell.isGated && settings.cell.options.contains(.weightDrop) {
      settings.weightDrop = dropped
      note(["weight-drop"], reason)
    }
  }

  /// A rate that falls when the end is decided, and averaged weights.
  private mutating func chooseCourse() {
    if !given.contains("schedule") {
      settings.schedule = .warmUpStableDecay
      note(["schedule"], "needs no end that is known before")
    }
    if !given.contains("average") {
      settings.averaging = 0.1
      note(["average"], "predicts better than the newest weights")
    }
  }

  /// Validations that take little of the time, and the end.
  private mutating func chooseEnd(_ budget: Double, on corpus: Corpus) throws(CharacterRunError) {
    let steps = max(Self.fewestSteps, Int(min(passesPaid(budget) * Double(tokens) / tokensPerStep, 1e12)))
    let isOpen = limits.epochs == nil && limits.steps == nil
    if isOpen && limits.seconds == nil {
      limits.steps = steps
      note(["steps"], "what usually pays for such a text")
    }
    guard heldOut >= TrainingSettings.leastHeldOut else { return }
    if !given.contains("validate-every") {
      let training = 3 * Double(settings.length) * Double(max(settings.batch, 16))
      let least = Evaluation.validationRows(predictions: heldOut - 1) / training / Self.validationShare
      let planned = try limits.lastStep(stepsPerEpoch: settings.stepsPerEpoch(on: corpus)) ?? steps
      settings.validateEvery = max(1, Int(least.rounded(.up)), planned / 25)
      note(["validate-every"], "takes less than a twentieth of the time")
    }
    if isOpen && !given.contains("patience") && !settings.schedule.spansHorizon {
      // A third of the steps, in validations.
      settings.patience = max(3, steps / 3 / (settings.validateEvery ?? steps))
      note(["patience"], "ends earlier where the text is being learned by heart")
    }
  }

  private static let fewestSteps = 200
  private static let validationShare = 0.04

  /// Notes that settings were chosen; with others of the same reason they are one choice.
  private mutating func note(_ names: [String], _ reason: String) {
    let chosen = names.filter { !given.contains($0) }
    if chosen.isEmpty { return }
    if let last = choices.last, last.reason == reason {
      choices[choices.count - 1] = Choice(names: last.names + chosen, reason: reason)
    } else {
      choices.append(Choice(names: chosen, reason: reason))
    }
  }
}
