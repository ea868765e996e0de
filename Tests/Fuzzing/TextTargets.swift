import Foundation
import LanguageModels
import ModelExchange
import SequenceText
import TabularData
import TensorCore

/// Settings that are read are written and read again as the same.
func readSettings(_ input: [UInt8]) {
  let text = String(decoding: input, as: UTF8.self)
  do {
    try requireDistinctNames(inJSON: text)
    let settings = try JSONDecoder().decode(TrainingSettings.self, from: Data(text.utf8))
    if let problem = settings.problem {
      requireReadable(problem)
      return
    }
    let again = try JSONDecoder().decode(TrainingSettings.self, from: Data(canonicalJSON(settings).utf8))
    require(again == settings, "settings come back as they were written")
    _ = TrainingLimits(epochs: settings.horizon, steps: settings.patience).lastStep(stepsPerEpoch: .max / 64)
    require(settings.shape(vocabulary: 7).problem == nil, "settings have an architecture that a model can have")
  } catch { _ = "\(error)" }
}

/// A tokenizer gives ids of its vocabulary, and one to train on spells every text as it is. `$$` in the input stands for the
/// symbols of all bytes, which each tokenizer has.
func readTokenizer(_ input: [UInt8]) {
  let bytes = (0...255).map { byte in
    #""\#(ByteAlphabet.text([UInt8(byte)]).replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#))":\#(byte)"#
  }
  let text = input.split(separator: Array("$$".utf8), omittingEmptySubsequences: false).prefix(3)
    .joined(separator: bytes.joined(separator: ",").utf8)
  do {
    let tokenizer = try HuggingFaceTokenizer(MappedFile(copying: Array(text), as: "input"))
    let texts = ["", "a", " the <s>thing's\r\n\n  end</s>", "\u{65E5}\u{672C} 12\u{B2}"]
    for text in texts {
      let ids = tokenizer.encode(text)
      require(ids.allSatisfy { tokenizer.vocabulary.symbols.indices.contains(Int($0)) }, "ids are those of symbols")
      guard let vocabulary = try? tokenizer.vocabularyToTrain() else { continue }
      require(tokenizer.decode(ids) == Array(text.utf8), "a text comes back from its tokens")
      let corpus = try? Corpus(text: Array(text.utf8), vocabulary: vocabulary)
      require(corpus.map { Array($0.tokens) == ids } ?? text.isEmpty, "a corpus has the same tokens")
    }
  } catch { requireReadable(error) }
}

/// Every access to the columns of a table that was read has as many values as there are rows.
func readCSV(_ input: [UInt8]) {
  guard let first = input.first else { return }
  let separator: Character = [",", ";", "\t", "|"][Int(first) % 4]
  do {
    let table = try CSVTable(bytes: Array(input.dropFirst()), name: "input", separator: separator)
    for name in table.columnNames.prefix(5) {
      require(try table.strings(of: name).count == table.rowCount, "a column has a value for each row")
      do {
        let values: Tensor<Float> = try table.tensor(of: [name])
        require(values.shape.count == table.rowCount, "a column has a number for each row")
      } catch { requireReadable(error) }
      require(try table.classes(of: name).indices.count == table.rowCount, "a column has a class for each row")
    }
  } catch { requireReadable(error) }
  readSeries(input)
}

/// Series of a table whose columns are times, values and, where there is a third, names: windows and forecasts are numbers.
private func readSeries(_ input: [UInt8]) {
  do {
    let table = try CSVTable(bytes: Array(input.dropFirst()), name: "input")
    let names = table.columnNames
    guard names.count > 1 else { return }
    let series = try SeriesData(
      table, time: names[0], values: [names[1]], series: names.count > 2 ? names[2] : nil, gaps: .missing)
    let windows = try WindowedSeries<Float>(
      series, window: ForecastWindow(lag: 2, horizon: 3, isRelative: true),
      split: .fractions(validation: 0, test: 0.3))
    let forecasts = try windows.forecast { Array(repeating: .ones([3]), count: $0.count) }
    require(forecasts.allSatisfy { $0.timeTexts.count == 3 && $0.values.allFinite }, "a forecast has times and numbers")
    for part in [SeriesPart.training, .test] {
      let windows = try windows.part(part)
      let report = windows.report(["naive": windows.naiveForecasts()], season: 2)
      require(report["naive"]!.targets <= 3 * windows.count, "a report counts targets of windows")
    }
  } catch { requireReadable(error) }
}

/// The automaton accepts what the standard library accepts; a text comes back from its tokens, however it is cut.
func readUTF8(_ input: [UInt8]) {
  let text = String(validating: input, as: UTF8.self)
  var constraint = UTF8Constraint()
  let accepted = input.allSatisfy { constraint.append($0) } && constraint.isAtBoundary
  require(accepted == (text != nil), "the automaton agrees with the standard library")
  let mapped = MappedFile(copying: input, as: "input")
  let bad = mapped.firstInvalidUTF8(in: 0..<input.count)
  require((bad == nil) == (text != nil), "the check of a file agrees with the standard library")
  if let bad {
    require(String(validating: input[..<bad], as: UTF8.self) != nil, "all before the offset is valid")
  }
  let repaired = String(decoding: input, as: UTF8.self)
  _ = repaired.printable(atMost: 1000)
  guard let text, !input.isEmpty else { return }
  let characters = text.unicodeScalars.map { Array(String($0).utf8) }
  guard let vocabulary = try? Vocabulary(symbols: Array(Set(characters)), kind: .scalar) else { return }
  let tokenizer = Tokenizer(vocabulary)
  guard let encoding = try? tokenizer.encode(input) else { fatalError("a text has tokens in its own vocabulary") }
  require(tokenizer.decode(encoding.tokens) == input, "a text comes back from its tokens")
  var decoder = StreamingDecoder(vocabulary)
  var streamed = ""
  for token in encoding.tokens { streamed += decoder.append(token) }
  streamed += decoder.finish()
  require(streamed.utf8.elementsEqual(input), "a text comes back piece by piece")
}

/// A corpus is the same however its text is cut into chunks.
func readCorpus(_ input: [UInt8]) {
  guard input.count > 2 else { return }
  let text = Array(input.dropFirst(2))
  // At most some 256 chunks: each of them has a cost of its own.
  let (kind, chunkSize) = (
    TokenKind.allCases[Int(input[0]) % TokenKind.allCases.count], 1 + Int(input[1]) + text.count / 256
  )
  do {
    let whole = try Corpus(text: text, kind: kind)
    let cut = try Corpus([.memory(text, name: "text")], kind: kind, chunkSize: chunkSize)
    require(cut.tokens == whole.tokens && cut.vocabulary == whole.vocabulary, "the chunks do not matter")
    require(cut.contentHash == whole.contentHash && cut.characterCount == whole.characterCount, "nor for the counts")
    let again = try Corpus(text: text, vocabulary: whole.vocabulary)
    require(again.tokens == whole.tokens, "a text has the same tokens in its own vocabulary")
    require(Corpus.spelled(whole).count == whole.byteCount, "the tokens spell the text")
  } catch { requireReadable(error) }
}

extension Corpus {
  fileprivate static func spelled(_ corpus: Corpus) -> [UInt8] { Tokenizer(corpus.vocabulary).decode(corpus.tokens) }
}
