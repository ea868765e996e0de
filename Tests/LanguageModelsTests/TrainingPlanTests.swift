import CharrnnTestSupport
import LanguageModels
import SequenceText
import Testing

@Suite struct TrainingPlanTests {
  private func corpus(_ characters: Int) throws -> Corpus { try sampleCorpus(sampleText(characters)) }

  /// The same text gets the same plan, one that a run can have, whatever its size.
  @Test(arguments: [20, 100, 1000, 20_000, 300_000])
  func everyTextGetsAPlanThatARunCanHave(characters: Int) throws {
    let corpus = try corpus(characters)
    let plan = try TrainingPlan(for: corpus)
    #expect(plan.settings.problem == nil && plan.limits.problem == nil)
    #expect(try CharacterRun(settings: plan.settings, corpus: corpus).stepsPerEpoch > 0)
    let again = try TrainingPlan(for: corpus)
    #expect(again.settings == plan.settings && again.limits == plan.limits)
    #expect(plan.limits.steps ?? 0 >= 200)
  }

  /// A setting that is given stays, whichever it is, and what is chosen goes with it.
  @Test func whatIsGivenStays() throws {
    let corpus = try corpus(2000)
    var given = TrainingSettings()
    (given.layers, given.hidden, given.batch, given.length) = (3, 24, 5, 7)
    (given.learningRate, given.lockedDropout, given.schedule) = (0.001, 0.1, .plateau)
    (given.averaging, given.validateEvery, given.patience) = (0.3, 11, 2)
    for name in TrainingPlan.chosenNames {
      let plan = try TrainingPlan(for: corpus, keeping: given, given: [name])
      let field = SettingField.named(name)
      #expect(field.value(in: plan.settings) == field.value(in: given), "\(name)")
      #expect(!plan.choices.contains { $0.names.contains(name) }, "\(name)")
    }
    let all = try TrainingPlan(for: corpus, keeping: given, given: TrainingPlan.chosenNames)
    #expect(all.settings == given && all.choices.map(\.names) == [["steps"]])
  }

  /// The names are those of the table, and of everything that a plan says it chose.
  @Test func theNamesAreThoseOfThePlans() throws {
    let names = try [1000, 300_000].flatMap { try TrainingPlan(for: corpus($0)).choices.flatMap(\.names) }
    #expect(Set(names).subtracting(["steps"]).isSubset(of: TrainingPlan.chosenNames))
    #expect(TrainingPlan.chosenNames.isSubset(of: SettingField.all.map(\.name)))
  }

  /// Epochs or steps that are given are the end; within a time, patience may end the run before.
  @Test func limitsThatAreGivenStay() throws {
    let corpus = try corpus(2000)
    for limits in [TrainingLimits(epochs: 3), TrainingLimits(steps: 30), TrainingLimits(epochs: 3, seconds: 9)] {
      let plan = try TrainingPlan(for: corpus, limits: limits)
      #expect(plan.limits == limits && plan.settings.patience == nil)
    }
    let timed = try TrainingPlan(for: corpus, limits: TrainingLimits(seconds: 60), operations: 1e12)
    #expect(timed.limits == TrainingLimits(seconds: 60) && timed.settings.patience != nil)
  }

  /// Dropping goes by how often the text is read in truth: by the least of epochs and what the time pays for.
  @Test func droppingGoesByTheLeastLimit() throws {
    let corpus = try corpus(300_000)
    let timed = try TrainingPlan(for: corpus, limits: TrainingLimits(epochs: 1000, seconds: 60), operations: 1e12)
    #expect(timed.settings.lockedDropout <= 0.2)
    let long = try TrainingPlan(for: corpus, limits: TrainingLimits(epochs: 1000), operations: 1e12)
    #expect(long.settings.lockedDropout >= 0.5)
  }

  /// A text of many symbols, each of which it has seldom, is read longer and with more dropping.
  @Test func manySymbolsAreDroppedMore() throws {
    func plan(symbols: Int) throws -> TrainingPlan {
      let text = (0..<120_000).reduce(into: "") { text, place in
        text.unicodeScalars.append(Unicode.Scalar(UInt32(0x4E00 + place * place % symbols))!)
      }
      return try TrainingPlan(for: sampleCorpus(text))
    }
    let (few, many) = (try plan(symbols: 97), try plan(symbols: 1999))
    #expect(many.settings.lockedDropout > few.settings.lockedDropout)
    let operations = [256, 257].map { TrainingPlan.usualOperations(tokens: 120_000, symbols: $0) }
    #expect(operations[1] > 1.2 * operations[0])
  }

  /// A model whose widths are bound to each other keeps them.
  @Test func boundWidthsStay() throws {
    let corpus = try corpus(2000)
    var tied = TrainingSettings()
    (tied.embedding, tied.isTied) = (128, true)
    #expect(try TrainingPlan(for: corpus, keeping: tied, given: ["embedding", "tie"]).settings.hidden == 128)
    tied.hidden = 64
    #expect(throws: CharacterRunError.self) { try TrainingPlan(for: corpus, keeping: tied) }
    var residual = TrainingSettings()
    residual.residual = true
    #expect(try TrainingPlan(for: corpus, keeping: residual, given: ["residual"]).settings.layers == 2)
  }

  /// More arithmetic is spent on more units, until a text has no more to say to them.
  @Test func moreArithmeticGoesToMoreUnits() throws {
    let corpus = try corpus(100_000)
    let units = try [1e10, 1e11, 1e12, 1e14].map {
      try TrainingPlan(for: corpus, limits: TrainingLimits(seconds: 1), operations: $0).settings.hidden
    }
    #expect(units == units.sorted() && units[0] < units[2], "\(units)")
  }

  /// Where units see each other between layers alone, one layer learns little.
  @Test(arguments: CellKind.allCases)
  func cellsWhoseUnitsDoNotMeetAreStacked(cell: CellKind) throws {
    var settings = TrainingSettings()
    settings.cell = cell
    let layers = try TrainingPlan(for: try corpus(20_000), keeping: settings, given: ["cell"]).settings.layers
    #expect(layers == ([.minGRU, .minLSTM, .indRNN].contains(cell) ? 3 : 1))
  }

  /// Every cell gets a plan, and without anything held out there is no patience.
  @Test(arguments: CellKind.allCases)
  func everyCellGetsAPlan(cell: CellKind) throws {
    let corpus = try corpus(3000)
    var settings = TrainingSettings()
    (settings.cell, settings.validationFraction) = (cell, "0")
    let plan = try TrainingPlan(for: corpus, keeping: settings, given: ["cell", "validation-fraction"])
    #expect(plan.settings.problem == nil && plan.settings.cell == cell)
    #expect(plan.settings.patience == nil && plan.settings.validateEvery == nil)
    if [.rnn, .rnnReLU, .indRNN].contains(cell) { #expect(plan.settings.weightDrop == 0) }
    #expect(throws: Never.self) { try CharacterRun(settings: plan.settings, corpus: corpus) }
  }
}
