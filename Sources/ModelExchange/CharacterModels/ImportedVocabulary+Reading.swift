import SequenceText
import TensorCore

extension ImportedVocabulary {
  /// Most bytes of a file with a vocabulary: symbols with escapes, numbers and spacing.
  private static let sizeLimit = 16 << 20

  /// Reads a vocabulary from a file: a JSON list of symbols, or of bytes as numbers; a text of all of them; an object from symbols to
  /// numbers or from numbers to symbols; an object that holds one of these under a usual name, such as `vocabulary`, `stoi` or, as
  /// the tokenizers of transformers, `model` and in it `vocab`; the `model.json` that charrnn exports; or a symbol a line, in which
  /// `\n`, `\r`, `\t` and `\\` are escapes. A byte-order mark is passed over.
  ///
  /// Numbers run from 0, or from 1, as in Lua, and in Keras, where 0 stands for no symbol.
  ///
  /// - Parameter kind: as for `init(symbols:kind:)`.
  /// - Throws: `FileError` where the file cannot be read, `ImportedVocabularyError` where it holds no vocabulary.
  public init(contentsOf path: String, kind: TokenKind? = nil) throws {
    let file = try MappedFile(path)
    func error(_ problem: ImportedVocabularyError.Problem) -> ImportedVocabularyError {
      ImportedVocabularyError(file: path, problem: problem)
    }
    guard file.count <= Self.sizeLimit else { throw error(.tooLong(limit: Self.sizeLimit)) }
    if let offset = file.firstInvalidUTF8(in: 0..<file.count) { throw error(.notUTF8(offset: offset)) }
    let text = String(decoding: file[Self.start(of: file)..<file.count], as: UTF8.self)
    do {
      try self.init(Self.isJSON(text) ? Self.symbols(inJSON: text) : Self.symbols(inLines: text), kind: kind)
    } catch let problem as ImportedVocabularyError.Problem {
      throw error(problem)
    } catch let problem as JSONProblem {
      throw error(.init(problem))
    } catch let problem as VocabularyError {
      throw error(.vocabulary(problem))
    }
  }

  /// Where the text of a file begins: after a byte-order mark, unless that is a symbol on a line of its own.
  private static func start(of file: MappedFile) -> Int {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let beginning = file[0..<min(file.count, mark.count + 1)]
    let isSymbol = [0x0A, 0x0D].contains(beginning.dropFirst(mark.count).first)
    return beginning.starts(with: mark) && !isSymbol ? mark.count : 0
  }

  /// Whether a text is JSON rather than lines, of which one may be a bracket or a quotation mark.
  private static func isJSON(_ text: String) -> Bool {
    let space: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    guard let first = text.utf8.first(where: { !space.contains($0) }), "[{\"".utf8.contains(first) else { return false }
    let isWhole: Void? = try? JSONScanner.scan(text) { scanner in
      scanner.distinguishesEquivalentNames = true
      try scanner.anyValue(levels: levels)
      try scanner.end(of: "text")
    }
    if isWhole != nil || first == UInt8(ascii: "\"") { return isWhole != nil }
    return !text.split(separator: "\n").allSatisfy { $0.unicodeScalars.count <= 2 }
  }

  /// Objects and lists around a symbol, and around what is passed over.
  private static let levels = 8

  private static func symbols(inJSON text: String) throws -> VocabularyValue.Symbols {
    let value = try JSONScanner.scan(text) { scanner in
      scanner.distinguishesEquivalentNames = true
      let value = try scanner.vocabularyValue(levels: levels)
      try scanner.end(of: "text")
      return value
    }
    guard let symbols = try value.symbolsUnderUsualNames() ?? value.symbols() else {
      throw ImportedVocabularyError.Problem.mixedObject
    }
    return symbols
  }

  private static func symbols(inLines text: String) throws(ImportedVocabularyError.Problem) -> VocabularyValue.Symbols {
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    var symbols: [[UInt8]] = []
    guard lines.count <= Vocabulary.largestCount else {
      throw .vocabulary(.tooManySymbols(limit: Vocabulary.largestCount))
    }
    for (index, line) in lines.enumerated() where line.count > 16 {
      let scalars = String(decoding: line, as: UTF8.self).unicodeScalars
      if scalars.count > 16 && Set(scalars).count == scalars.count { throw .allInOneLine(index + 1) }
    }
    for (index, line) in lines.enumerated() {
      var bytes = Array(line)
      if bytes.count > 1 && bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
      guard let symbol = unescaped(bytes) else { throw .unknownEscape(line: index + 1) }
      if symbol.isEmpty { throw .emptyLine(index + 1) }
      symbols.append(symbol)
    }
    return VocabularyValue.Symbols(symbols: symbols)
  }

  /// A line with its escapes resolved; nil where there is an unknown one. A backslash alone is itself.
  private static func unescaped(_ line: [UInt8]) -> [UInt8]? {
    if line == [UInt8(ascii: "\\")] { return line }
    var (symbol, rest) = ([UInt8](), line[...])
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        symbol.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "n"): symbol.append(0x0A)
      case UInt8(ascii: "r"): symbol.append(0x0D)
      case UInt8(ascii: "t"): symbol.append(0x09)
      case UInt8(ascii: "\\"): symbol.append(UInt8(ascii: "\\"))
      default: return nil
      }
    }
    return symbol
  }
}

extension JSONScanner {
  fileprivate mutating func vocabularyValue(levels: Int) throws -> VocabularyValue {
    skipSpace()
    switch current {
    case UInt8(ascii: "\""): return .text(try symbol())
    case UInt8(ascii: "["): return try vocabularyList()
    case UInt8(ascii: "{"):
      guard levels > 0 else { throw JSONProblem.malformed(offset: offset, expected: "fewer levels") }
      var members: [VocabularyValue.Member] = []
      try object(nameLimit: 4096, countLimit: Vocabulary.largestCount) { scanner, name in
        scanner.skipSpace()
        // Parts of a larger description that cannot be the vocabulary are passed over.
        let isKept = !"[{".utf8.contains(scanner.current ?? 0) || VocabularyValue.isUsual(name)
        let value = isKept ? try scanner.vocabularyValue(levels: levels - 1) : .other
        if !isKept { try scanner.anyValue(levels: levels) }
        members.append(VocabularyValue.Member(name: Array(name.utf8), number: Int(name), value: value))
      }
      return .object(members)
    default: return try integerOrOther().map { .number($0) } ?? .other
    }
  }

  /// A list of texts, or of bytes as numbers.
  private mutating func vocabularyList() throws -> VocabularyValue {
    var (symbols, bytes) = ([[UInt8]](), [UInt8]())
    try array(atMost: Vocabulary.largestCount) { scanner in
      scanner.skipSpace()
      if scanner.current == UInt8(ascii: "\"") { return symbols.append(try scanner.symbol()) }
      let number = try scanner.integer()
      guard let byte = UInt8(exactly: number) else { throw ImportedVocabularyError.Problem.notByte(number) }
      bytes.append(byte)
    }
    guard bytes.isEmpty || symbols.isEmpty else { throw ImportedVocabularyError.Problem.mixedObject }
    return bytes.isEmpty ? .texts(symbols) : .bytes(bytes)
  }

  private mutating func symbol() throws -> [UInt8] {
    Array(try text(atMost: 8 * Vocabulary.largestSize).value.utf8)
  }
}
