import SequenceModeling
import SequenceTasks
import Testing

/// The samples that the tasks are learned from.
@Suite struct SampleTests {
  @Test func answering1ToTheAddingProblemHasAnErrorOfOneSixth() {
    var random = RandomSource(seed: 1)
    let batch = AddingBatch(count: 10_000, time: 10, using: &random)
    #expect(abs((batch.sums - 1).squared().mean().scalar - 1.0 / 6) < 0.01)
  }

  @Test func twoNumbersAreMarkedOneInEitherHalf() {
    var random = RandomSource(seed: 2)
    let (count, time) = (20, 9)
    let batch = AddingBatch(count: count, time: time, using: &random)
    for sequence in 0..<count {
      let marked = (0..<time).filter { batch.inputs[$0, sequence, 1] == 1 }
      #expect(marked.count == 2 && marked[0] < time / 2 && marked[1] >= time / 2)
      #expect(batch.sums[sequence, 0] == marked.reduce(0) { $0 + batch.inputs[$1, sequence, 0] })
    }
  }

  @Test func theMemoryIsAskedForAfterTheDelay() {
    var random = RandomSource(seed: 3)
    let (count, delay) = (3, 20)
    let batch = CopyBatch(count: count, delay: delay, using: &random)
    #expect(batch.inputs.time == delay + 20 && batch.targets.time == delay + 20)
    #expect(batch.targets.ids.suffix(10 * count) == batch.inputs.ids.prefix(10 * count))
    #expect(batch.targets.ids.dropLast(10 * count).allSatisfy { $0 == 8 })
    #expect(Array(batch.inputs.ids[(delay + 9) * count..<(delay + 10) * count]) == [9, 9, 9])
  }

  private let grammar = ReberGrammar()

  private func symbols(_ text: String) -> [Int32] {
    text.map { Int32(ReberGrammar.symbols.firstIndex(of: $0)!) }
  }

  @Test(arguments: [
    "BTBTXSETE", "BPBTXSEPE", "BPBPVVEPE", "BTBPTTVPXTVVETE", "BPBTSSSXXVVEPE", "BTBTXXTTVPSETE",
  ])
  func aReberStringIsOneOnlyWithItsSecondSymbolAgain(text: String) {
    var string = symbols(text)
    #expect(grammar.allowsBeginning(of: string))
    #expect(!grammar.allowsBeginning(of: string.dropLast()))
    let place = string.count - 2
    string[place] = symbols(text[text.index(after: text.startIndex)] == "T" ? "P" : "T")[0]
    #expect(!grammar.allowsBeginning(of: string))
  }

  @Test func theGrammarAllowsWhatItWrites() {
    var random = RandomSource(seed: 4)
    var reached: Set<Int> = []
    for _ in 0..<200 {
      let string = grammar.string(using: &random)
      let states = grammar.states(of: string)
      #expect(states.count == string.count && grammar.allowsBeginning(of: string + [0, 0]))
      for (state, next) in zip(states, string.dropFirst()) { #expect(grammar.allowed(in: state).contains(next)) }
      reached.formUnion(states)
    }
    #expect(reached == Set(1...19))
  }

  @Test func whatIsToBeSaidIsTheNextSymbol() throws {
    let batch = try LanguageBatch([[1, 2, 3, 4], [5, 6]])
    #expect(batch.lengths.steps == [3, 1])
    #expect(batch.lengths.packed(batch.inputs) == [1, 5, 2, 3])
    #expect(batch.lengths.packed(batch.targets) == [2, 6, 3, 4])
  }

  @Test(arguments: InventedLanguage.allCases) func aNameShowsItsLanguage(language: InventedLanguage) {
    var random = RandomSource(seed: 5)
    for _ in 0..<200 {
      let name = Array(language.name(using: &random))
      let isFront = name.filter { !InventedLanguage.consonants.contains($0) }.map(InventedLanguage.front.contains)
      let told: InventedLanguage =
        zip(name, name.dropFirst()).contains { $0 == $1 }
        ? .doubling : Set(isFront).count == 1 ? .harmonic : .alternating
      #expect(told == language, "\(String(name))")
      if language == .alternating { #expect(zip(isFront, isFront.dropFirst()).allSatisfy { $0 != $1 }) }
    }
  }

  @Test(
    arguments: [
      ([0, 6, 1, 2, 7, 3], [0, 1, 2, 2, 0, 0]), ([6, 8, 8], [3, 0, 0]), ([6, 1, 9, 1, 7], [0, 0, 0, 0, 0]),
      ([6, 1, 6, 2, 8], [0, 0, 3, 4, 0]), ([1, 7, 6, 1], [0, 0, 0, 0]),
    ] as [([Int32], [Int32])])
  func aSegmentReachesFromAnOpenerToACloser(sentence: [Int32], tags: [Int32]) {
    #expect(SegmentGrammar.tags(of: sentence) == tags)
  }

  @Test func aDrawnLineHoldsItsLettersAndGaps() throws {
    var random = RandomSource(seed: 6)
    let batch = try LineBatch(count: 50, noise: 0, using: &random)
    for (sequence, labels) in batch.targets.labels.enumerated() {
      let steps = batch.lengths.steps[sequence]
      let columns = batch.columns.slice(axis: 1, sequence..<sequence + 1).reshaped([-1, LineBatch.height])
      let dark = columns.sum(axis: 1).scalars
      #expect((6 * labels.count...14 * labels.count).contains(steps))
      #expect(dark[steps - 1] == 0 && dark.dropFirst(steps).allSatisfy { $0 == 0 })
      // Every column of a letter has points, and stands once or twice.
      #expect((5 * labels.count...10 * labels.count).contains(dark.filter { $0 > 0 }.count))
    }
    #expect(Set(GlyphFont.columns).count == 10)
  }

  @Test(
    arguments: [([], [], 0), ([1, 2], [], 2), ([1, 2, 3, 3, 4, 5], [6, 2, 3, 3, 2, 5, 7], 3), ([1, 2], [2, 1], 2)]
      as [([Int32], [Int32], Int)])
  func theEditDistanceCountsChanges(a: [Int32], b: [Int32], distance: Int) {
    #expect(editDistance(a, b) == distance && editDistance(b, a) == distance)
  }
}
