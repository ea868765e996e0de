import SequenceText
import TensorCore

/// Symbols of a model of another package by their numbers there.
///
/// Symbols are told apart by their bytes: two that are canonically equivalent are two.
public struct ImportedVocabulary: Sendable, Equatable {
  /// Kind of token that the symbols are.
  public let kind: TokenKind
  /// Symbols of texts, in the order of the numbers that the model knows them by.
  public let symbols: [[UInt8]]
  /// Symbols of the model that no text has, such as `<pad>` and `<unk>`, in order. An import leaves them out.
  public let special: [[UInt8]]
  /// Numbers of `symbols` in the model.
  private let numbers: [Int]
  /// Whether the number 0 may stand for no symbol, as the others run from 1.
  private var startsAtOne = false

  /// Symbols in the order of their numbers in the model. Texts as `<pad>`, `[UNK]`, `__eos__` or `BOS`, and an empty one, stand for no
  /// character of a text; of bytes none does.
  ///
  /// - Parameter kind: none of words or subwords; nil for the narrowest kind that all symbols of texts are of: scalar, else character.
  /// - Throws: `VocabularyError` where the symbols are no vocabulary, or one is of several characters, as those of models of words.
  public init(symbols: [[UInt8]], kind: TokenKind? = nil) throws(VocabularyError) {
    require(kind?.isOfPieces != true, "ImportedVocabulary: words or subwords")
    guard symbols.count <= Vocabulary.largestCount else { throw .tooManySymbols(limit: Vocabulary.largestCount) }
    let numbers = symbols.indices.filter { kind == .byte || !symbols[$0].isSpecial }
    let texts = numbers.map { symbols[$0] }
    if kind == nil, let other = texts.first(where: { String(decoding: $0, as: UTF8.self).count > 1 }) {
      throw .invalidSymbol(String(decoding: other, as: UTF8.self).printable(atMost: 80), .character)
    }
    (self.kind, self.symbols) = (kind ?? (texts.allSatisfy(\.isOneScalar) ? .scalar : .character), texts)
    (self.numbers, special) = (numbers, kind == .byte ? [] : symbols.filter(\.isSpecial))
    _ = try Vocabulary(symbols: texts, kind: self.kind)
  }

  /// The vocabulary of a model of this package.
  init(_ vocabulary: Vocabulary) {
    (kind, symbols, special) = (vocabulary.kind, vocabulary.symbols, [])
    numbers = Array(symbols.indices)
  }

  init(_ found: VocabularyValue.Symbols, kind: TokenKind?) throws(VocabularyError) {
    if let own = found.kind {
      self.init(try Vocabulary(symbols: found.symbols, kind: kind ?? own))
    } else {
      try self.init(symbols: found.symbols, kind: kind ?? (found.areBytes ? .byte : nil))
      startsAtOne = found.startAtOne
    }
  }

  /// The 256 bytes, each by its own number.
  public static let bytes = try! ImportedVocabulary(symbols: (0...255).map { [$0] }, kind: .byte)

  /// The vocabulary as models here have it, sorted by bytes, with the number of each of its symbols in a model of so many, and the
  /// symbols that are left out.
  ///
  /// - Throws: where the model has another number of them.
  func sorted(
    of count: Int
  ) throws(CharacterModelImportError) -> (vocabulary: Vocabulary, numbers: [Int], leftOut: [[UInt8]]) {
    let given = symbols.count + special.count
    let first = startsAtOne && given + 1 == count ? 1 : 0
    guard given + first == count else { throw .vocabulary(symbols: given, needed: count) }
    let order = symbols.indices.sorted { symbols[$0].lexicographicallyPrecedes(symbols[$1]) }
    do {
      let vocabulary = try Vocabulary(symbols: symbols, kind: kind)
      return (vocabulary, order.map { numbers[$0] + first }, [[UInt8]](repeating: [], count: first) + special)
    } catch { throw .symbols(error) }
  }
}

extension [UInt8] {
  /// Names of special symbols without brackets.
  private static let specialNames: Set<String> = ["PAD", "UNK", "OOV", "BOS", "EOS", "SOS", "MASK", "CLS", "SEP"]

  /// Whether a symbol stands for no character of a text: it is empty, or a text in brackets or underscores, or a usual name.
  fileprivate var isSpecial: Bool {
    guard let first, let last else { return true }
    let text = String(decoding: self, as: UTF8.self)
    let brackets = ["<>", "[]", "{}"].map { Array($0.utf8) }
    return count > 2 && brackets.contains([first, last])
      || count > 4 && text.hasPrefix("__") && text.hasSuffix("__")
      || count > 2 && Self.specialNames.contains(text.uppercased())
  }

  fileprivate var isOneScalar: Bool {
    let text = String(decoding: self, as: UTF8.self).unicodeScalars
    return text.count == 1 && String(text).utf8.elementsEqual(self)
  }
}

/// A file that gives no vocabulary.
public struct ImportedVocabularyError: Error, Equatable, CustomStringConvertible {
  public let file: String
  public let problem: Problem

  public enum Problem: Error, Equatable {
    case notUTF8(offset: Int)
    case tooLong(limit: Int)
    /// JSON that is malformed, or none of a vocabulary, at this byte.
    case json(offset: Int)
    case symbolTwice(String)
    /// An object whose values are neither numbers nor texts, or both.
    case mixedObject
    case emptyLine(Int)
    /// A line that is a text of all symbols, as it seems.
    case allInOneLine(Int)
    case unknownEscape(line: Int)
    /// A number that no symbol has, or that two have.
    case missingNumber(Int, symbols: Int)
    case numberTwice(Int)
    case negativeNumber(Int)
    case notByte(Int)
    /// Names under which symbols stand that are not the same.
    case severalThatDiffer([String])
    case vocabulary(VocabularyError)
    /// A model of words or subwords.
    case pieces(TokenKind)
  }

  public init(file: String, problem: Problem) { (self.file, self.problem) = (file, problem) }

  public var description: String {
    let problem =
      switch problem {
      case .notUTF8(let offset):
        "is not UTF-8 at byte \(offset); it should be text or JSON, as json.dump(symbols, file) writes it"
      case .tooLong(let limit): "is longer than the \(limit) bytes that a vocabulary may have"
      case .json(let offset): "is no JSON list or object of symbols, from byte \(offset) on"
      case .symbolTwice(let symbol): "the symbol \(symbol.quotedName) stands twice"
      case .mixedObject:
        "is a JSON object that maps neither symbols to numbers nor numbers to symbols, and has them under no known name, such as \"vocab\""
      case .emptyLine(let line): "line \(line) is empty; write a line feed as \\n"
      case .allInOneLine(let line):
        "line \(line) holds many symbols, where each has a line of its own; give one text of all as JSON: json.dump(text, file)"
      case .unknownEscape(let line): "line \(line) has an unknown escape; there are \\n, \\r, \\t and \\\\"
      case .missingNumber(let number, let symbols):
        "no symbol has the number \(number), of \(symbols) symbols; numbers run from 0, or from 1, without a gap"
      case .numberTwice(let number): "two symbols have the number \(number)"
      case .negativeNumber(let number): "a symbol has the number \(number); numbers run from 0, or from 1"
      case .notByte(let number): "the number \(number) is no byte"
      case .severalThatDiffer(let names):
        "the symbols under \(names.map(\.quotedName).joined(separator: ", ")) are not the same; give those of the model in a file alone"
      case .vocabulary(let error): "\(error)"
      case .pieces(let kind):
        "is of a model whose tokens are \(kind.rawValue)s; use the checkpoint itself, which every command takes"
      }
    return "\(file): \(problem)"
  }
}

extension ImportedVocabularyError.Problem {
  init(_ problem: JSONProblem) {
    self =
      switch problem {
      case .duplicateName(let name, _): .symbolTwice(name)
      case .tooManyElements(_, let limit): .vocabulary(.tooManySymbols(limit: limit))
      default: .json(offset: problem.offset)
      }
  }
}
