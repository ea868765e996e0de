import CharrnnCommandSupport
import SequenceModeling

/// Generation as the options say.
final class Sampling {
  let generator: TextGenerator<Float>
  let vocabulary: Vocabulary
  let count: Int
  let seed: UInt64
  let options: SamplingOptions
  /// Where the model is computed.
  let device: Device
  /// Format in which the weights are held.
  let weights: WeightFormat
  let (prime, length): ([Int32], Int)
  private let constraints: TextConstraints
  private let likeliest: Int?
  /// The job whose ranks divide the texts among them; nil where one process writes all.
  private let job: Job?
  /// Whether the seed, which was not given, is still to be said.
  private var mustAnnounceSeed: Bool

  init(_ arguments: ParsedArguments, _ file: ModelFile<Float>, in job: Job?) throws {
    self.job = job
    vocabulary = file.vocabulary
    prime = try Self.primeTokens(arguments, vocabulary)
    constraints = try SampleConstraints.constraints(arguments, file)
    options = SamplingOptions(
      temperature: arguments[SampleCommand.greedy] ? 0 : arguments[SampleCommand.temperature],
      topK: arguments[SampleCommand.topK], topP: arguments[SampleCommand.topP],
      minP: arguments[SampleCommand.minP])
    length = arguments[SampleCommand.length]
    likeliest = SampleOutput.likeliest(arguments)
    let areItems = file.arrangement.documents == .lines
    let areMany = areItems && options.temperature > 0 && !SampleModes.options.contains(where: arguments.gives)
    count = arguments[SampleCommand.count] ?? (areMany ? 20 : 1)
    device = try DeviceChoice.chosen(arguments)
    if device != .cpu {
      let others: [any OptionDeclaration] = [SampleCommand.weights, SampleCommand.dynamicOn, SampleCommand.withNGrams]
      try DeviceChoice.refuse(arguments, with: others + SampleModes.options, in: job)
    }
    weights = device == .cpu ? try weightFormat(arguments, for: file, at: CommonOptions.modelPath(arguments)) : .float32
    generator = try Self.generator(arguments, file, weights, on: device)
    let seed = UInt64(arguments[SampleCommand.seed] ?? Int.random(in: 0..<1_000_000))
    self.seed = try job?.gathered([seed])[0] ?? seed
    job?.require(equal: file.contentHash, called: "the SHA-256 of the model")
    job?.require(equal: ContentHash.hex(of: LittleEndianBytes.encode(prime)), called: "the SHA-256 of the prime")
    mustAnnounceSeed = arguments[SampleCommand.seed] == nil && options.temperature > 0
  }

  private func generate(
    _ count: Int, seed: UInt64, emit: (_ text: Int, _ piece: GeneratedPiece) throws -> Void
  ) throws {
    // With what follows the primes, the model has shown that it can write: the seed stands before them.
    var primes: [(text: Int, piece: GeneratedPiece)] = []
    func emitPrimes() throws {
      saySeed()
      for (text, piece) in primes { try emit(text, piece) }
      primes = []
    }
    var areBegun = 0
    try generator.generatePieces(
      count: count, prime: prime, length: length, options: options, constraints: constraints, seed: seed,
      likeliest: likeliest
    ) { text, piece in
      if areBegun < count {
        areBegun += 1
        return primes.append((text, piece))
      }
      if !primes.isEmpty { try emitPrimes() }
      try emit(text, piece)
    }
  }

  /// Says the seed once, unless it was given.
  func saySeed() {
    if mustAnnounceSeed { notice("--seed \(seed) writes the same again") }
    mustAnnounceSeed = false
  }

  /// Writes on after some tokens, with the token of each piece.
  func continueText(
    after tokens: [Int32], length: Int, seed: UInt64, emit: (_ piece: GeneratedPiece) throws -> Void
  ) throws {
    try generator.generatePieces(
      prime: tokens, length: length, options: options, constraints: constraints, seed: seed, likeliest: 0
    ) { try emit($1) }
  }

  /// Texts that are drawn from a seed, each rank of a job writing some of them.
  ///
  /// - Parameter first: receives the first text as it grows, where one process or rank 0 writes it; it is not kept then. Nil keeps it.
  func texts(
    _ count: Int, seed: UInt64, first: ((_ piece: GeneratedPiece) throws -> Void)? = nil
  ) throws -> [SampledText] {
    let own = job?.share(of: count) ?? 0..<count
    var texts = [SampledText](repeating: SampledText(), count: own.count)
    try generate(own.count, seed: seed &+ UInt64(own.lowerBound)) { text, piece in
      if let first, own.lowerBound + text == 0 { return try first(piece) }
      texts[text].append(piece)
    }
    return try job?.gathered(texts) ?? texts
  }

  /// As many texts as are asked for.
  func texts(first: ((_ piece: GeneratedPiece) throws -> Void)? = nil) throws -> [SampledText] {
    try texts(count, seed: seed, first: first)
  }

  private static func generator(
    _ arguments: ParsedArguments, _ file: ModelFile<Float>, _ weights: WeightFormat, on device: Device
  ) throws -> TextGenerator<Float> {
    let threads = CommonOptions.threadCount(arguments)
    guard arguments[SampleCommand.dynamicOn] != nil || arguments[SampleCommand.withNGrams] else {
      return TextGenerator(
        model: try file.model.on(device), vocabulary: file.vocabulary, arrangement: file.arrangement,
        weights: weights, threads: threads)
    }
    let text = try arguments[SampleCommand.dynamicOn].map {
      try TextInput([$0], of: arguments).corpus(file.vocabulary, unknown: arguments[CommonOptions.unknown])
    }
    if let text { noticeSkipped(of: text) }
    let adaptation = Adaptation(
      dynamic: text == nil ? nil : DynamicRule(), mixesNGrams: arguments[SampleCommand.withNGrams])
    guard let training = try TextInput.trainingText(of: file, arguments) else { throw AdaptationError.noTrainingText }
    return try TextGenerator(
      of: file, adapting: adaptation, to: text, trainedOn: training, weights: weights, threads: threads)
  }

  private static func primeTokens(_ arguments: ParsedArguments, _ vocabulary: Vocabulary) throws -> [Int32] {
    let (prime, primeFile) = (SampleCommand.prime, SampleCommand.primeFile)
    if arguments.gives(prime) && arguments.gives(primeFile) {
      throw arguments.usageFailure("--prime and --prime-file both give the beginning; give one of them")
    }
    try Job.requireFile(arguments[primeFile], arguments)
    switch arguments[primeFile] {
    case TextInput.standardInput: return try tokens(of: .standardInput, called: "the prime", vocabulary, arguments)
    case let path?: return try tokens(of: .file(path), called: "the prime", vocabulary, arguments)
    case nil: return try tokens(of: arguments[prime] ?? "", called: "the prime", vocabulary, arguments)
    }
  }

  /// Tokens of a text from the command line; of an empty one none.
  static func tokens(
    of text: String, called name: String, _ vocabulary: Vocabulary, _ arguments: ParsedArguments
  ) throws -> [Int32] {
    try tokens(of: .memory(SystemText.bytes(of: text), name: name), called: name, vocabulary, arguments)
  }

  private static func tokens(
    of place: TextSource.Place, called name: String, _ vocabulary: Vocabulary, _ arguments: ParsedArguments
  ) throws -> [Int32] {
    do {
      let text = try TextInput.corpus([place], vocabulary, unknown: arguments[CommonOptions.unknown])
      noticeSkipped(of: text, called: name)
      return Array(text.tokens)
    } catch CorpusError.empty {
      return []
    }
  }
}
