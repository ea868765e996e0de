import SequenceModeling

extension SequenceTask {
  /// Classification of names by language: many to one, with names of different lengths in one batch.
  package static let placeNames = SequenceTask(
    name: "names",
    summary: "a place name: which of three invented languages it comes from"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 8), brief: (400, 24), full: (2000, 48))
    var random = RandomSource(seed: seed)
    let batches = try (0..<steps).map { _ in try NameBatch(count: 48, using: &random) }
    var net = NameReader(units: units)
    net.initialize(using: &random)
    net = try net.trained(on: batches, steps: steps, learningRate: 0.01) { net, batch, context in
      softmaxCrossEntropy(net.languages(of: batch, in: &context), targets: batch.languages, in: context)
    }
    let unseen = try NameBatch(count: effort.unseen, using: &random)
    var context = ForwardContext<Float>()
    let answers = net.languages(of: unseen, in: &context).value.argmax()
    let right = zip(answers, unseen.languages).map(==).share { $0 }
    return [
      Finding(quantity: "share of names told rightly", value: right, bound: .atLeast(0.95), baseline: 1.0 / 3)
    ]
  }
}

/// A bidirectional classifier of names.
private struct NameReader: Module {
  typealias Scalar = Float

  var letters: Embedding<Float>
  var stack: StackedRecurrent<GRUCell<Float>>
  var decoder: Dense<Float>

  init(units: Int) {
    letters = Embedding(tokens: InventedLanguage.letters.count, features: 8)
    stack = StackedRecurrent(
      [GRUCell(input: 8, hidden: units)], reverse: [GRUCell(input: 8, hidden: units)])
    decoder = Dense(stack.outputSize, InventedLanguage.allCases.count)
  }

  func languages(of batch: NameBatch, in context: inout ForwardContext<Float>) -> Variable<Float> {
    let names = SequenceInput.embedded(batch.names, table: context.variable(letters.weight), lengths: batch.lengths)
    return decoder(stack.runToEnd(names, in: &context).output, in: &context)
  }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&letters, "encoder")
    try visitor.visit(&stack, "rnn")
    try visitor.visit(&decoder, "decoder")
  }
}

struct NameBatch {
  let names: TokenGrid
  let lengths: SequenceLengths
  let languages: [Int32]

  init(count: Int, using random: inout RandomSource) throws {
    let languages = (0..<count).map { _ in random.number(below: InventedLanguage.allCases.count) }
    let names = languages.map { InventedLanguage.allCases[$0].name(using: &random) }
    let ids = names.map { name in name.map { Int32(InventedLanguage.letters.firstIndex(of: $0)!) } }
    self.languages = languages.map { Int32($0) }
    self.names = TokenGrid(padding: ids)
    lengths = try SequenceLengths(of: ids)
  }
}

/// Invented languages that use the same letters, so that no single letter identifies the language.
package enum InventedLanguage: CaseIterable {
  /// All vowels of a name are front vowels or all are back vowels: `metiri`, `lukora`.
  case harmonic
  /// Front and back vowels alternate: `mekuti`, `tosena`.
  case alternating
  /// Any vowel may follow any other, but one consonant is doubled: `marrite`.
  case doubling

  package static let consonants = Array("klmnrst")
  package static let front = Array("ei")
  package static let back = Array("aou")
  package static let letters = consonants + front + back

  /// A random name of two to five syllables, each a consonant and a vowel.
  package func name(using random: inout RandomSource) -> String {
    func draw(_ letters: [Character]) -> Character { letters[random.number(below: letters.count)] }
    let syllables = 2 + random.number(below: 4)
    let beginsInFront = random.number(below: 2) == 0
    let doubled = 1 + random.number(below: syllables - 1)
    var name = ""
    for syllable in 0..<syllables {
      let consonant = draw(Self.consonants)
      let isFront =
        switch self {
        case .harmonic: beginsInFront
        case .alternating: beginsInFront == (syllable % 2 == 0)
        case .doubling: random.number(below: 2) == 0
        }
      name.append(consonant)
      if self == .doubling && syllable == doubled { name.append(consonant) }
      name.append(draw(isFront ? Self.front : Self.back))
    }
    return name
  }
}
