import SequenceText
import TensorCore

extension ImportedVocabulary {
  /// Most bytes of a file with a vocabulary: symbols with escapes, numbers and spacing.
  private static let sizeLimit = 16 << 20

  /// Reads a vocabulary from a file: a JSON list of symbols, of bytes as numbers, an object from symbols to numbers or from numbers
  /// to symbols, an object that holds one as `vocabulary`, or as torch-rnn's
  /// `idx_to_token`; or a symbol a line, in which `\n`, `\r`, `\t` and `\\` are
  /// escapes.
  ///
  /// Numbers run from 0, or from 1 as in Lua.
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
    let text = String(decoding: file[0..<file.count], as: UTF8.self)
    do {
      let symbols = try Self.isJSON(text) ? Self.symbols(inJSON: text) : Self.symbols(inLines: text)
      try self.init(symbols: symbols.symbols, kind: kind ?? (symbols.areBytes ? .byte : nil))
    } catch let problem as ImportedVocabularyError.Problem {
      throw error(problem)
    } catch let problem as JSONProblem {
      throw error(.init(problem))
    } catch let problem as VocabularyError {
      throw error(.vocabulary(problem))
    }
  }

  /// Whether a text is JSON rather than lines, of which one may be a bracket.
  private static func isJSON(_ text: String) -> Bool {
    guard let first = text.utf8.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }),
      [UInt8(ascii: "["), UInt8(ascii: "{")].contains(first)
    else { return false }
    let isWhole: Void? = try? JSONScanner.scan(text) { scanner in
      try scanner.anyValue(levels: 8)
      try scanner.end(of: "text")
    }
    return isWhole != nil || !text.split(separator: "\n").allSatisfy { $0.unicodeScalars.count <= 2 }
  }

  typealias Symbols = (symbols: [[UInt8]], areBytes: Bool)

  private static func symbols(inJSON text: String) throws -> Symbols {
    try JSONScanner.scan(text) { scanner in
      scanner.skipSpace()
      let symbols = scanner.current == UInt8(ascii: "[") ? try list(&scanner) : try object(&scanner)
      try scanner.end(of: "text")
      return symbols
    }
  }

  private static func list(_ scanner: inout JSONScanner) throws -> Symbols {
    var (symbols, bytes) = ([[UInt8]](), 0)
    try scanner.array(atMost: Vocabulary.largestCount) { scanner in
      scanner.skipSpace()
      if scanner.current == UInt8(ascii: "\"") { return symbols.append(try scanner.symbol()) }
      let number = try scanner.integer()
      guard let byte = UInt8(exactly: number) else { throw ImportedVocabularyError.Problem.notByte(number) }
      symbols.append([byte])
      bytes += 1
    }
    guard bytes == 0 || bytes == symbols.count else { throw ImportedVocabularyError.Problem.mixedObject }
    return (symbols, bytes > 0)
  }

  /// - Parameter isOuter: whether it may hold the vocabulary under a name, among other things.
  private static func object(_ scanner: inout JSONScanner, isOuter: Bool = true) throws -> Symbols {
    var nested: Symbols?
    var hasOthers = false
    var pairs: [(name: String, number: Int?, text: [UInt8])] = []
    try scanner.object(nameLimit: 4096, countLimit: Vocabulary.largestCount) { scanner, name in
      scanner.skipSpace()
      switch scanner.current {
      case UInt8(ascii: "{") where isOuter && name == "idx_to_token": nested = try object(&scanner, isOuter: false)
      case UInt8(ascii: "[") where isOuter && name == "vocabulary": nested = try list(&scanner)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        hasOthers = true
        try scanner.anyValue(levels: 8)
      case UInt8(ascii: "\""): pairs.append((name, nil, try scanner.symbol()))
      default: pairs.append((name, try scanner.integer(), []))
      }
    }
    if let nested { return nested }
    guard !hasOthers else { throw ImportedVocabularyError.Problem.mixedObject }
    if pairs.allSatisfy({ $0.number != nil }) {
      return (try inOrder(pairs.map { (Array($0.name.utf8), $0.number!) }), false)
    }
    let byNumber = pairs.compactMap { pair in Int(pair.name).map { (pair.text, $0) } }
    guard byNumber.count == pairs.count, pairs.allSatisfy({ $0.number == nil }) else {
      throw ImportedVocabularyError.Problem.mixedObject
    }
    return (try inOrder(byNumber), false)
  }

  /// Symbols in the order of their numbers.
  static func inOrder(_ pairs: [(symbol: [UInt8], number: Int)]) throws(ImportedVocabularyError.Problem) -> [[UInt8]] {
    let sorted = pairs.sorted { $0.number < $1.number }
    if let number = sorted.first?.number, number < 0 { throw .negativeNumber(number) }
    let first = sorted.first?.number == 1 ? 1 : 0
    for (index, pair) in sorted.enumerated() where pair.number != index + first {
      throw pair.number < index + first
        ? .numberTwice(pair.number) : .missingNumber(index + first, symbols: sorted.count)
    }
    return sorted.map(\.symbol)
  }

  private static func symbols(inLines text: String) throws(ImportedVocabularyError.Problem) -> Symbols {
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    var symbols: [[UInt8]] = []
    for (index, line) in lines.enumerated() {
      var bytes = Array(line)
      if bytes.count > 1 && bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
      guard let symbol = unescaped(bytes) else { throw .unknownEscape(line: index + 1) }
      if symbol.isEmpty { throw .emptyLine(index + 1) }
      symbols.append(symbol)
    }
    return (symbols, false)
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
  fileprivate mutating func symbol() throws -> [UInt8] { Array(try text(atMost: 4096).value.utf8) }
}
