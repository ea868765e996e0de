import CharrnnTestSupport
import Foundation
import LanguageModels
import SequenceText
import TensorCore
import Testing

@Suite struct TextCompressorTests {
  private static let modes = [
    CompressionMode(), CompressionMode(learns: true), CompressionMode(mixesNGrams: true),
    CompressionMode(learns: true, mixesNGrams: true),
  ]

  /// A model of drawn weights that says that it was trained on a corpus.
  private static func file(
    of corpus: Corpus, _ architecture: Architecture = Architecture(hidden: 6), seed: UInt64 = 1,
    testFraction: String = "0.05"
  ) -> ModelFile<Float> {
    ModelFile(
      model: .sample(ModelShape(architecture, vocabulary: corpus.vocabulary.count), seed: seed),
      vocabulary: corpus.vocabulary,
      history: TrainingHistory(
        step: 1, epoch: 1, validationLoss: nil, corpusHash: corpus.contentHash, validationFraction: "0.05",
        testFraction: testFraction))
  }

  private static func compressor(_ file: ModelFile<Float>, _ corpus: Corpus?, threads: Int = 1) -> TextCompressor {
    TextCompressor(file, trainedOn: corpus, threads: threads, requiresReproducible: false)
  }

  /// Texts of all kinds, each with its name.
  private static let contents: [(name: String, bytes: [UInt8])] = {
    var random = SplitMix(seed: 8)
    let text = Array(sampleText(200, seed: 3).utf8)
    return [
      ("nothing", []), ("a token", [0x61]), ("a byte", [0xFF]), ("a text", text),
      ("line ends", text.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] } + [0x0D, 0x0A, 0x0A, 0x0D]),
      ("a byte-order mark", [0xEF, 0xBB, 0xBF] + text),
      ("unknown symbols", text + Array("Häuser 水 e\u{301}".utf8) + text),
      ("ends in a scalar", text + [0xE6, 0xB0]), ("starts in a scalar", [0xB0, 0xB4] + text),
      ("binary", (0..<300).map { _ in UInt8(truncatingIfNeeded: random.next()) }),
      ("zeros", [UInt8](repeating: 0, count: 300)),
    ]
  }()

  private static func expectRestored(
    _ content: [UInt8], by compressor: TextCompressor, _ mode: CompressionMode, _ name: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let compressed = try compressor.compress(content, mode: mode)
    #expect(try TextCompressor.mode(of: compressed) == mode, sourceLocation: sourceLocation)
    #expect(try compressor.decompress(compressed) == content, "\(name), \(mode)", sourceLocation: sourceLocation)
    #expect(compressed.count <= content.count + 50, "\(name), \(mode)", sourceLocation: sourceLocation)
  }

  @Test(arguments: modes) func anyBytesComeBack(mode: CompressionMode) throws {
    let corpus = try sampleCorpus()
    let compressor = Self.compressor(Self.file(of: corpus), corpus)
    for (name, content) in Self.contents { try Self.expectRestored(content, by: compressor, mode, name) }
  }

  @Test(arguments: TokenKind.allCases) func anyBytesComeBackInEveryKindOfToken(kind: TokenKind) throws {
    let corpus = try sampleCorpus(sampleText(600) + "e\u{301}\r\n", kind: kind)
    let compressor = Self.compressor(Self.file(of: corpus), corpus)
    for (name, content) in Self.contents { try Self.expectRestored(content, by: compressor, CompressionMode(), name) }
  }

  @Test(arguments: sweptCells) func everyCellRestores(cell: CellKind) throws {
    let corpus = try sampleCorpus()
    let content = Array((sampleText(100, seed: 4) + "Ä" + sampleText(20, seed: 5)).utf8)
    for embedding in [0, 3] {
      let architecture = Architecture(cell: cell, hidden: 4, embedding: embedding)
      let compressor = Self.compressor(Self.file(of: corpus, architecture), corpus)
      for mode in Self.modes { try Self.expectRestored(content, by: compressor, mode, "\(cell)") }
    }
  }

  @Test(arguments: ModelShape.refined.map(\.architecture)) func everyRefinementRestores(architecture: Architecture)
    throws
  {
    let corpus = try sampleCorpus()
    let compressor = Self.compressor(Self.file(of: corpus, architecture), corpus)
    let content = Array(sampleText(100, seed: 4).utf8)
    for mode in Self.modes.prefix(2) { try Self.expectRestored(content, by: compressor, mode, "\(architecture)") }
  }

  @Test func aVocabularyOfOneSymbolRestores() throws {
    let corpus = try sampleCorpus("aaaa")
    let compressor = Self.compressor(Self.file(of: corpus), corpus)
    for content in [[], [0x61], [UInt8](repeating: 0x61, count: 1000), Array("aab".utf8)] {
      for mode in Self.modes { try Self.expectRestored(content, by: compressor, mode, "\(content.count) bytes") }
    }
  }

  @Test(arguments: modes) func theSizeIsThatOfTheLoss(mode: CompressionMode) throws {
    let corpus = try sampleCorpus(sampleText(amount(debug: 400, release: 4000)))
    let run = try CharacterRun(settings: .small { $0.layers = 1 }, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 60), reporting: quiet)
    var file = Self.file(of: corpus)
    file.model = run.model
    for count in [2, 100, amount(debug: 700, release: 8000)] {
      let text = String(sampleText(count, seed: 7).prefix(count))
      let read = try Corpus(text: Array(text.utf8), vocabulary: corpus.vocabulary)
      let rule = mode.learns ? DynamicRule() : nil
      let adaptation = Adaptation(dynamic: rule, mixesNGrams: mode.mixesNGrams)
      let evaluation = try PartEvaluation(
        of: file, on: read, part: .all, adapting: mode.needsTrainingText ? adaptation : nil, trainedOn: corpus)
      let bound = evaluation.loss * Double(evaluation.tokens) / log(2) / 8 * 1.005 + 64
      let compressed = try Self.compressor(file, corpus).compress(Array(text.utf8), mode: mode)
      #expect(Double(compressed.count) <= bound, "\(count) characters")
    }
  }

  /// Documents begin again in the coder where they do in evaluation: the size is that of their loss, and about 50 bytes.
  @Test(arguments: modes, ["\n", "w\n"]) func documentsBeginAgain(mode: CompressionMode, end: String) throws {
    let corpus = try sampleCorpus(sampleText(500, words: ["crow\n", "cow\n", "fox ", "fowl\n"]))
    let settings = TrainingSettings.small { settings in
      (settings.layers, settings.learningRate) = (1, 0.02)
      (settings.areItems, settings.separator) = end == "\n" ? (true, nil) : (false, end)
    }
    let run = try CharacterRun(settings: settings, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 60), reporting: quiet)
    let file = run.file(of: run.model, validationLoss: nil)
    let text = sampleText(300, words: ["crow\n", "fowl\n", "fox "], seed: 3) + "w\n"
    let read = try Corpus(text: Array(text.utf8), vocabulary: corpus.vocabulary)
    let rule = mode.learns ? DynamicRule() : nil
    let adaptation = Adaptation(dynamic: rule, mixesNGrams: mode.mixesNGrams)
    let evaluation = try PartEvaluation(
      of: file, on: read, part: .all, adapting: mode.needsTrainingText ? adaptation : nil, trainedOn: corpus)
    #expect(evaluation.tokens == text.count && evaluation.documents ?? 0 > 20)
    let bytes = evaluation.loss * Double(evaluation.tokens) / log(2) / 8
    let compressor = Self.compressor(file, corpus)
    let compressed = try compressor.compress(Array(text.utf8), mode: mode)
    #expect((bytes + 40...bytes * 1.005 + 64).contains(Double(compressed.count)), "\(compressed.count), \(bytes)")
    #expect(try compressor.decompress(compressed) == Array(text.utf8))
  }

  /// Line ends and a mark that `evaluate` reads past cost nothing but a flag.
  @Test(arguments: [TokenKind.character, .scalar], ["\n", "\r\n", "\r"])
  func otherLineEndsCostNothing(kind: TokenKind, own: String) throws {
    let lines = sampleText(400).replacing(" ", with: "\n").split(separator: "\n")
    func text(_ end: String, mark: Bool = false) -> [UInt8] {
      Array(((mark ? "\u{FEFF}" : "") + lines.joined(separator: end) + end).utf8)
    }
    let corpus = try Corpus(text: text(own), kind: kind)
    let compressor = Self.compressor(Self.file(of: corpus), corpus)
    let size = try compressor.compress(text(own)).count
    for end in ["\n", "\r\n", "\r"] {
      for mark in [false, true] {
        let compressed = try compressor.compress(text(end, mark: mark))
        #expect(try compressor.decompress(compressed) == text(end, mark: mark))
        // Of scalars that have CR and LF, each of them is known.
        if own != "\r\n" || kind == .character { #expect(compressed.count == size, "\(end.debugDescription)") }
      }
    }
    // One line that ends as the model's do costs some bytes, not an escape for each of the others.
    let odd = text("\r\n") + Array("the end\n".utf8)
    let (mixed, plain) = (try compressor.compress(odd), try compressor.compress(text("\n") + Array("the end\n".utf8)))
    #expect(try compressor.decompress(mixed) == odd)
    if own == "\n" { #expect(mixed.count <= plain.count + 3) }
    for content in [
      "\u{FEFF}", "a\nb\r\nc\nd\r\n\r\n\r\n", "a\r\n\r\r\n\nb\r", "\u{FEFF}\u{FEFF}a", "\r\n", "a\r\nb\nc\rd",
      "\r\r\n\n", "\n\r",
    ] {
      let bytes = Array(content.utf8)
      #expect(try compressor.decompress(compressor.compress(bytes)) == bytes, "\(content.debugDescription)")
    }
  }

  @Test func numbersAreRestoredFromLEB128() {
    for number in [0, 1, 127, 128, 300, Int.max] {
      var bytes = LEB128.bytes(number)[...]
      #expect(LEB128.take(from: &bytes) == number && bytes.isEmpty)
    }
    for numbers in [[], [0], [0, 1, 2], [5, 700, 701, 100_000]] {
      var bytes = (LEB128.differences(numbers) + [9])[...]
      #expect(LEB128.takeDifferences(from: &bytes) == numbers && bytes == [9])
    }
    for damaged in [[], [0x80], [3, 1, 1], [2, 1], [1] + [UInt8](repeating: 0xFF, count: 12)] as [[UInt8]] {
      var bytes = damaged[...]
      #expect(LEB128.takeDifferences(from: &bytes) == nil)
    }
  }

  @Test func threadsChangeNoByte() throws {
    let corpus = try sampleCorpus()
    let file = Self.file(of: corpus, Architecture(hidden: 70))
    let content = Array(sampleText(100, seed: 4).utf8)
    for mode in Self.modes {
      let compressed = try Self.compressor(file, corpus).compress(content, mode: mode)
      #expect(try Self.compressor(file, corpus, threads: 2).compress(content, mode: mode) == compressed)
    }
  }

  // MARK: Damage

  private static func compressedSample(_ content: String = "the crow. xx") throws -> (TextCompressor, [UInt8]) {
    let compressor = compressor(file(of: try sampleCorpus()), nil)
    return (compressor, try compressor.compress(Array(content.utf8)))
  }

  @Test func everyFlippedBitIsAnError() throws {
    let (compressor, sound) = try Self.compressedSample()
    for index in sound.indices {
      for bit in 0..<8 {
        var bytes = sound
        bytes[index] ^= 1 << bit
        #expect(throws: CompressionError.self, "bit \(bit) of byte \(index)") { try compressor.decompress(bytes) }
      }
    }
  }

  @Test func everyMissingOrExtraByteIsAnError() throws {
    let (compressor, sound) = try Self.compressedSample()
    for count in sound.indices {
      #expect(throws: CompressionError.self) { try compressor.decompress(Array(sound.prefix(count))) }
      #expect(throws: CompressionError.self) { try compressor.decompress(Array(sound.dropFirst(count + 1))) }
    }
    for extra in [[0], [0xFF], [UInt8](repeating: 0, count: 100), sound] {
      #expect(throws: CompressionError.damaged) { try compressor.decompress(sound + extra) }
    }
  }

  /// Bytes with the checksum that they should have.
  private func sealed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    let digits = Array(ContentHash.hex(of: Array(bytes)).utf8).prefix(16)
    let checksum = stride(from: 0, to: 16, by: 2).map {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
    return Array(bytes) + checksum
  }

  /// A file whose checksum was forged is no trap, and never another text. (The last bits are not all read.)
  @Test func forgedFilesAreErrors() throws {
    let (compressor, sound) = try Self.compressedSample()
    let (body, content) = (sound.dropLast(8), try compressor.decompress(sound))
    #expect(sealed(body) == sound)
    for index in body.indices {
      for bit in 0..<8 {
        var bytes = body
        bytes[index] ^= 1 << bit
        let found = try? compressor.decompress(sealed(bytes))
        #expect(found == nil || found == content, "bit \(bit) of byte \(index)")
      }
    }
    for count in body.indices {
      #expect(throws: CompressionError.self) { try compressor.decompress(sealed(body.prefix(count))) }
    }
    #expect(throws: CompressionError.self) { try compressor.decompress(sealed(body + [0])) }
    // A length of 2⁶³ − 1, and lengths that no number holds.
    for length in [[UInt8](repeating: 0xFF, count: 8) + [0x7F], [UInt8](repeating: 0xFF, count: 9) + [1]] {
      #expect(throws: CompressionError.self) {
        try compressor.decompress(sealed(body.prefix(6) + length + body.dropFirst(7)))
      }
    }
  }

  @Test func eachReasonHasAnErrorOfItsOwn() throws {
    let (compressor, sound) = try Self.compressedSample()
    #expect(throws: CompressionError.notCompressed) { try compressor.decompress([]) }
    #expect(throws: CompressionError.notCompressed) { try compressor.decompress(Array("a text of any kind".utf8)) }
    var newer = sound
    newer[4] = 2
    #expect(throws: CompressionError.newerVersion(2)) { try compressor.decompress(newer) }
    let corpus = try sampleCorpus()
    let others = [
      Self.file(of: corpus, seed: 2), Self.file(of: corpus, Architecture(hidden: 7)),
      Self.file(of: try sampleCorpus(sampleText(600) + "z")),
    ]
    for other in others {
      #expect(throws: CompressionError.otherModel) { try Self.compressor(other, nil).decompress(sound) }
    }
  }

  @Test(arguments: modes.dropFirst()) func theTrainingTextMustBeTheSame(mode: CompressionMode) throws {
    let (corpus, other) = (try sampleCorpus(), try sampleCorpus(sampleText(600, seed: 2)))
    let file = Self.file(of: corpus)
    let compressed = try Self.compressor(file, corpus).compress(Array("the crow".utf8), mode: mode)
    for text in [nil, other] {
      let compressor = Self.compressor(file, text)
      #expect(throws: AdaptationError.self) { try compressor.decompress(compressed) }
      #expect(throws: AdaptationError.self) { try compressor.compress([], mode: mode) }
    }
    // The same weights, trained on another part of the text or on another text.
    let otherPart = Self.compressor(Self.file(of: corpus, testFraction: "0.5"), corpus)
    #expect(throws: CompressionError.otherModel) { try otherPart.decompress(compressed) }
    var trainedOnOther = file
    trainedOnOther.history?.corpusHash = other.contentHash
    #expect(throws: CompressionError.otherModel) { try Self.compressor(trainedOnOther, other).decompress(compressed) }
  }

  @Test func aModelWhosePredictionsAreNotFiniteIsAnError() throws {
    var file = Self.file(of: try sampleCorpus())
    file.model.updateParameters { parameter, _ in parameter.value = parameter.value * Float.nan }
    #expect(throws: CompressionError.notFinite) { try Self.compressor(file, nil).compress(Array("the crow".utf8)) }
  }

  @Test func kernelsWhoseBitsDependOnTheMachineAreRefused() throws {
    let compressor = TextCompressor(Self.file(of: try sampleCorpus()))
    if InstructionSet.current == .reproducible {
      #expect(try compressor.decompress(compressor.compress([0x61])) == [0x61])
    } else {
      #expect(throws: CompressionError.notReproducible) { try compressor.compress([0x61]) }
    }
  }
}
