import CharrnnTestSupport
import SequenceText
import TensorCore
import Testing

@Suite struct ArrangedCorpusTests {
  private func text(of tokens: some Sequence<Int32>, _ corpus: Corpus) -> String {
    String(decoding: Tokenizer(corpus.vocabulary).decode(tokens), as: UTF8.self)
  }

  private func arranged(
    _ text: String, _ arrangement: CorpusArrangement, validation: String = "0.2", test: String = "0.1",
    kind: TokenKind = .character
  ) throws -> ArrangedCorpus {
    try ArrangedCorpus(
      Corpus(text: Array(text.utf8), kind: kind), by: arrangement, validation: DecimalFraction(validation)!,
      test: DecimalFraction(test)!)
  }

  /// The documents of a part, each as text.
  private func documents(_ text: ArrangedCorpus, _ part: CorpusSplit.Part) throws -> [String] {
    let range = try text.reading(part).dropFirst()
    let starts = try #require(text.documentStarts).filter(range.contains)
    return zip(starts, starts.dropFirst() + [range.upperBound]).map {
      self.text(of: text.corpus.tokens[$0..<$1], text.corpus)
    }
  }

  @Test func theUsualArrangementIsTheTextAsItIs() throws {
    let found = try arranged("the text as it is\n", CorpusArrangement(), test: "0.2")
    #expect(found.documentStarts == nil && found.split.train.count == 10 && found.split.test.upperBound == 18)
    #expect(text(of: found.corpus.tokens, found.corpus) == "the text as it is\n")
    #expect(try found.reading(.validation) == found.split.validation)
  }

  /// Every line is in one part, whole, and in the order of the text there.
  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces })
  func linesAreDrawnWhole(kind: TokenKind) throws {
    let lines = (0..<100).map { "item \($0)\n" }
    for whole in [true, false] {
      let text = whole ? lines.joined() : String(lines.joined().dropLast())
      let found = try arranged(text, CorpusArrangement(documents: .lines), kind: kind)
      let parts = try [.train, .validation, .test].map { try documents(found, $0) }
      #expect(parts.joined().sorted() == lines.sorted())
      for part in parts { #expect(part == lines.filter(part.contains)) }
      #expect(abs(parts[1].count - 20) <= 1 && abs(parts[2].count - 10) <= 1)
      #expect(parts[2] != lines.suffix(parts[2].count), "drawn at random")
      #expect(found.documentCount(in: found.split.test) == parts[2].count)
      #expect(self.text(of: found.corpus.tokens.prefix(1), found.corpus) == "\n", "the first begins after an end, too")
      #expect(found.corpus.measure(try found.reading(.test).dropFirst()).bytes == parts[2].joined().utf8.count)
    }
  }

  @Test func documentsEndAtTheSeparator() throws {
    let poems = (0..<9).map { "poem \($0)\n\nof two parts\n---\n" }
    let found = try arranged(poems.joined(), CorpusArrangement(documents: .ending("\n---\n")))
    let parts = try [.train, .validation, .test].map { try documents(found, $0) }
    #expect(parts.joined().sorted() == poems)
    #expect(parts[1].count == 2 && parts[2].count == 1)
  }

  @Test func overlappingEndsAreTakenFromTheFront() throws {
    let found = try arranged(
      "a\n\n\nb\n\nc\n\n", CorpusArrangement(documents: .ending("\n\n"), unit: .end), test: "0.1")
    let all = try [.train, .validation, .test].flatMap { try documents(found, $0) }
    #expect(all == ["a\n\n", "\nb\n\n", "c\n\n"])
  }

  @Test func atTheEndThePartsAreMadeOfTheLastDocuments() throws {
    let lines = (0..<50).map { "line \($0)\n" }
    let found = try arranged(lines.joined(), CorpusArrangement(documents: .lines, unit: .end))
    #expect(try [.train, .validation, .test].flatMap { try documents(found, $0) } == lines)
  }

  @Test func blocksAndLinesAndFilesAreDrawnFromTheWholeText() throws {
    let paragraphs = (0..<400).map { "sentence \($0).\n" }
    for unit in [CorpusArrangement.Unit.blocks, .lines] {
      let found = try arranged(paragraphs.joined(), CorpusArrangement(unit: unit))
      #expect(found.documentStarts == nil && found.corpus.tokens.count == paragraphs.joined().count)
      #expect(abs(found.split.validation.count * 5 - found.corpus.tokens.count) < found.corpus.tokens.count / 20)
      let test = text(of: found.corpus.tokens[found.split.test], found.corpus)
      #expect(!paragraphs.joined().hasSuffix(test) && test.count > 300)
      #expect(Set(found.corpus.tokens).count == found.corpus.vocabulary.count)
    }
    let scratch = try ScratchDirectory()
    let names = try (0..<5).map { number in
      let file = "\(number).txt"
      try scratch.write(Array(String(repeating: "\(number)", count: 10 * (number + 1)).utf8), to: file)
      return scratch.path(of: file)
    }
    let found = try ArrangedCorpus(
      Corpus(files: names, kind: .character), by: CorpusArrangement(unit: .files), validation: DecimalFraction("0.2")!,
      test: DecimalFraction("0.2")!)
    let parts = [found.split.train, found.split.validation, found.split.test].map { range in
      Set(text(of: found.corpus.tokens[range], found.corpus))
    }
    #expect(parts.allSatisfy { !$0.isEmpty } && parts.reduce(0) { $0 + $1.count } == 5, "no file is in two parts")
  }

  /// A file for validation is that part, whole; the test part is the rest's.
  @Test(arguments: [CorpusArrangement.Unit.end, .lines, .documents])
  func theLastFileMayBeTheValidationPart(unit: CorpusArrangement.Unit) throws {
    let scratch = try ScratchDirectory()
    let lines = (0..<50).map { "line \($0)\n" }
    try scratch.write(Array(lines.joined().utf8), to: "train.txt")
    try scratch.write(Array("held\nout\n".utf8), to: "validation.txt")
    let corpus = try Corpus(
      files: ["train.txt", "validation.txt"].map { scratch.path(of: $0) }, kind: .character)
    let documents: CorpusArrangement.Documents = unit == .documents ? .lines : .whole
    let found = try ArrangedCorpus(
      corpus, by: CorpusArrangement(documents: documents, unit: unit, lastFileValidates: true),
      validation: DecimalFraction("0.05")!, test: DecimalFraction("0.1")!)
    func part(_ range: Range<Int>) -> String { text(of: found.corpus.tokens[range], corpus) }
    #expect(part(found.split.validation) == "held\nout\n")
    let train = part(found.split.train).drop { $0 == "\n" }
    #expect((30...50).contains(found.split.test.count) && train.count + found.split.test.count == lines.joined().count)
    if unit == .end { #expect(train + part(found.split.test) == lines.joined()) }
    #expect(throws: CorpusError.undivided(units: 1, of: .files)) {
      try arranged("one", CorpusArrangement(lastFileValidates: true))
    }
  }

  /// A large piece is drawn only where no smaller one comes nearer to the fraction, and every part gets a piece.
  @Test func noPartIsStarved() throws {
    for order in 0..<4 {
      var documents = (0..<3).map { "\($0)#" }
      documents.insert(String(repeating: "x", count: 3000) + "#", at: order)
      let found = try arranged(
        documents.joined(), CorpusArrangement(documents: .ending("#")), validation: "0.05", test: "0.05")
      let parts = try [.train, .validation, .test].map { try self.documents(found, $0) }
      #expect(parts.allSatisfy { !$0.isEmpty } && parts[0].contains { $0.count > 3000 }, "\(order)")
    }
  }

  /// A document that is cut by the pieces of the split stays one where its pieces lie side by side.
  @Test func piecesSideBySideAreOneDocument() throws {
    let documents = (0..<60).map { "first line \($0)\nsecond\n==\n" }
    let lines = CorpusArrangement(documents: .ending("==\n"), unit: .lines)
    let whole = try arranged(documents.joined(), lines, validation: "0", test: "0")
    #expect(try self.documents(whole, .train) == documents)
    let cut = try arranged(documents.joined(), lines)
    #expect(try #require(cut.documentStarts).count < 120)
  }

  /// A file ends a document, and its places are those of the bytes.
  @Test func aDocumentEndsWithItsFile() throws {
    let scratch = try ScratchDirectory()
    for (name, text) in [("a.txt", "one\ntwo"), ("b.txt", "three\nfour")] {
      try scratch.write(Array(text.utf8), to: name)
    }
    let corpus = try Corpus(files: ["a.txt", "b.txt"].map { scratch.path(of: $0) }, kind: .character)
    #expect(corpus.fileStarts == [0, 7])
    let none = DecimalFraction("0")!
    let found = try ArrangedCorpus(corpus, by: CorpusArrangement(documents: .lines), validation: none, test: none)
    #expect(try documents(found, .train) == ["one\n", "two\n", "three\n", "four\n"])
  }

  /// Places of files count the tokens that are there: not what a vocabulary lacks, and a line end read as another as one.
  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces }, [1, 2, 64]) func placesOfFilesAreThoseOfTokens(
    kind: TokenKind, piece: Int
  )
    throws
  {
    let vocabulary = try Corpus(text: Array("abc\n".utf8), kind: kind).vocabulary
    let places = ["a\r\nb?", "?", "c\r", "\nab"].map { TextSource.Place.memory(Array($0.utf8), name: "part") }
    let corpus = try Corpus(places, vocabulary: vocabulary, unknown: .skip, chunkSize: piece)
    // Bytes are read as they are, without a return. In characters a pair of two files is one of the first.
    #expect(corpus.fileStarts == (kind == .byte ? [0, 3, 3, 4] : [0, 3, 3, 5]), "\(corpus.fileStarts)")
    #expect(text(of: corpus.tokens, corpus) == "a\nbc\nab")
  }

  @Test(arguments: ["\n", ""]) func eachFileIsADocument(end: String) throws {
    let files = (0..<20).map { "file \($0)\nof two lines" + ($0 % 2 == 0 ? end : "") }
    let corpus = try Corpus(files.map { .memory(Array($0.utf8), name: "file") }, kind: .character)
    let found = try ArrangedCorpus(
      corpus, by: CorpusArrangement(documents: .files), validation: DecimalFraction("0.2")!,
      test: DecimalFraction("0.1")!)
    let parts = try [.train, .validation, .test].map { try documents(found, $0) }
    #expect(parts.joined().sorted() == files.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.sorted())
    #expect(parts[1].count == 4 && parts[2].count == 2 && parts[2].joined() != files.suffix(2).joined())
    #expect(throws: CorpusError.oneDocument(of: .files)) { try arranged("one", CorpusArrangement(documents: .files)) }
  }

  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces }) func linesOfAListEndInOneWay(kind: TokenKind) throws {
    let items = (0..<30).map { "item \($0)" }
    for end in ["\n", "\r\n", "\r"] {
      let lines = items.map { $0 + end }
      let found = try arranged(lines.joined(), CorpusArrangement(documents: .lines), kind: kind)
      #expect(try [.train, .validation, .test].flatMap { try documents(found, $0) }.sorted() == lines.sorted())
    }
    let mixed = items.map { $0 + "\n" }.joined() + "x\r\ny\r"
    #expect(throws: CorpusError.mixedLineEnds(lineFeeds: 30, pairs: 1, returns: 1)) {
      try arranged(mixed, CorpusArrangement(documents: .lines), kind: kind)
    }
  }

  @Test func aTextOfTooFewPiecesIsRefused() throws {
    #expect(throws: CorpusError.undivided(units: 1, of: .files)) {
      try arranged("one\ntwo\n", CorpusArrangement(unit: .files))
    }
    #expect(throws: CorpusError.undivided(units: 2, of: .documents)) {
      try arranged("one\ntwo\n", CorpusArrangement(documents: .lines))
    }
    #expect(throws: CorpusError.oneDocument(of: .ending("~"))) {
      try arranged("no such end", CorpusArrangement(documents: .ending("~")))
    }
    let whole = try arranged("one\ntwo\n", CorpusArrangement(documents: .lines), validation: "0", test: "0")
    #expect(try documents(whole, .train) == ["one\n", "two\n"])
  }

  /// Each epoch has every document once, whole, in an order of its own.
  @Test func eachEpochHasTheDocumentsInAnotherOrder() throws {
    let lines = (0..<40).map { "\($0)\n" }
    let found = try arranged(lines.joined(), CorpusArrangement(documents: .lines), validation: "0", test: "0")
    let batches = try ContiguousBatches(
      documentsOf: found, in: .train, batch: 1, length: 1, random: RandomSource(seed: 3))
    let orders = (0..<2).map { epoch in
      let order = batches.order(epoch: epoch)
      #expect(order?.epoch == epoch)
      let windows = (0..<batches.windowsPerEpoch).map { batches.window($0..<$0 + 1, in: order) }
      let tokens = windows.map { $0.inputs[0] } + [windows.last!.targets[0]]
      let ends = windows.map { $0.endsDocument![0] }
      for (window, next) in zip(windows, windows.dropFirst()) { #expect(window.targets == next.inputs) }
      let read = text(of: tokens, found.corpus)
      #expect(ends.count(where: \.self) == 39, "the last end is no input")
      for (end, character) in zip(ends, read) { #expect(end == (character == "\n")) }
      return read.split(separator: "\n").map { $0 + "\n" }
    }
    #expect(orders[0] != orders[1])
    for order in orders { #expect(order.sorted() == lines.map { $0[...] }.sorted()) }
  }

  /// Windows of several streams are those of one stream cut into as many.
  @Test func streamsAreCutFromTheOrder() throws {
    let lines = (0..<60).map { String(repeating: "x", count: $0 % 7) + "\($0)\n" }
    let found = try arranged(lines.joined(), CorpusArrangement(documents: .lines))
    func batches(_ batch: Int, _ length: Int) throws -> ContiguousBatches {
      try ContiguousBatches(documentsOf: found, in: .train, batch: batch, length: length, random: RandomSource(seed: 5))
    }
    let one = try batches(1, 1)
    let whole = one.window(0..<one.streamLength - 1, in: one.order(epoch: 4))
    let three = try batches(3, 5)
    for step in 0..<three.windowsPerEpoch {
      let window = three.window(step * 5..<step * 5 + 5, in: three.order(epoch: 4))
      for (index, token) in window.inputs.enumerated() {
        let place = index % 3 * three.streamLength + step * 5 + index / 3
        #expect(token == whole.inputs[place] && window.targets[index] == whole.targets[place])
        #expect(window.endsDocument?[index] == whole.endsDocument?[place])
      }
    }
  }

  /// Lines go to one part as they are, whatever tokens hold their ends.
  @Test(arguments: TokenKind.allCases, ["\n", "\r\n", "\r"])
  func linesOfAnyKindOfTokenAreUnits(kind: TokenKind, end: String) throws {
    let lines = (0..<100).map { "item \($0)\(end)" }
    let text = try arranged(lines.joined(), CorpusArrangement(unit: .lines), kind: kind)
    let parts = CorpusSplit.Part.allCases.dropLast().map { part in
      self.text(of: text.corpus.tokens[text.split[part]], text.corpus)
    }
    let found = parts.flatMap { $0.split(separator: end).map { String($0) + end } }
    #expect(found.sorted() == lines.sorted())
    #expect(!parts.contains { $0.isEmpty } && parts.allSatisfy { $0.hasSuffix(end) })
  }

  /// A stray CR in a text of lines that end with LF makes no line of its own.
  @Test(arguments: [TokenKind.byte, .scalar]) func aStrayReturnIsNoLineEnd(kind: TokenKind) throws {
    let lines = (0..<50).map { "item \($0)\n" } + ["odd\rone\n"]
    let found = try arranged(lines.joined(), CorpusArrangement(unit: .lines), kind: kind)
    for part in CorpusSplit.Part.allCases.dropLast() {
      #expect(text(of: found.corpus.tokens[found.split[part]], found.corpus).hasSuffix("\n"))
    }
  }

  /// Line ends are counted in bytes: a token of words may hold several.
  @Test(arguments: TokenKind.allCases) func filesOfOneKindOfLineEndAreArranged(kind: TokenKind) throws {
    let text = String(repeating: "a crow\r\n\r\nand a fox\r\n", count: 30)
    let files = (0..<2).map { TextSource.Place.memory(Array(text.utf8), name: "\($0)") }
    let found = try ArrangedCorpus(
      Corpus(files, kind: kind), by: CorpusArrangement(lastFileValidates: true),
      validation: DecimalFraction(hundredths: 5), test: DecimalFraction(hundredths: 5))
    #expect(self.text(of: found.corpus.tokens[found.split.validation], found.corpus) == text)
    let mixed = TextSource.Place.memory(Array("a\nb\r\n\r\nc\r\n".utf8), name: "mixed")
    #expect(throws: CorpusError.mixedLineEnds(lineFeeds: 2, pairs: 6, returns: 0)) {
      try ArrangedCorpus(
        Corpus([mixed, mixed], kind: kind), by: CorpusArrangement(lastFileValidates: true),
        validation: DecimalFraction(hundredths: 5), test: DecimalFraction(hundredths: 5))
    }
  }

  /// A file that ends with a line end gets no other one.
  @Test(arguments: TokenKind.allCases, ["\n", "\n\n", "\r\n\r\n"])
  func filesThatEndWithALineEndStayAsTheyAre(kind: TokenKind, end: String) throws {
    let texts = (0..<20).map { "the text of file \($0)\(end)" }
    let corpus = try Corpus(texts.map { .memory(Array($0.utf8), name: "file") }, kind: kind)
    let found = try ArrangedCorpus(
      corpus, by: CorpusArrangement(documents: .files), validation: DecimalFraction(hundredths: 10),
      test: DecimalFraction(hundredths: 10))
    let bytes = corpus.measure(0..<corpus.tokens.count).bytes
    let beginning = found.corpus.vocabulary[try #require(found.corpus.tokens.first)].count
    #expect(found.corpus.measure(0..<found.corpus.tokens.count).bytes == bytes + beginning)
  }
}
