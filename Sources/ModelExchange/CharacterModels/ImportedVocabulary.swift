import SequenceText
import TensorCore

/// Symbols of a model of another package by their numbers there.
public struct ImportedVocabulary: Sendable, Equatable {
  /// Kind of token that the symbols are.
  public let kind: TokenKind
  /// Symbols in the order of the numbers that the model knows them by.
  public let symbols: [[UInt8]]

  /// - Parameter kind: nil for the narrowest kind that all symbols are of: scalar, else character.
  /// - Throws: `VocabularyError` where the symbols are no vocabulary.
  public init(symbols: [[UInt8]], kind: TokenKind? = nil) throws(VocabularyError) {
    self.kind = kind ?? (symbols.allSatisfy(\.isOneScalar) ? .scalar : .character)
    self.symbols = symbols
    _ = try Vocabulary(symbols: symbols, kind: self.kind)
  }

  /// The 256 bytes, each by its own number.
  public static let bytes = try! ImportedVocabulary(symbols: (0...255).map { [$0] }, kind: .byte)

  /// The vocabulary as models here have it, sorted, with the number there of each of its symbols.
  func sorted() throws(VocabularyError) -> (vocabulary: Vocabulary, numbers: [Int]) {
    let numbers = symbols.indices.sorted { symbols[$0].lexicographicallyPrecedes(symbols[$1]) }
    return (try Vocabulary(symbols: symbols, kind: kind), numbers)
  }
}

extension [UInt8] {
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
    case unknownEscape(line: Int)
    /// A number that no symbol has, or that two have.
    case missingNumber(Int, symbols: Int)
    case numberTwice(Int)
    case negativeNumber(Int)
    case notByte(Int)
    case vocabulary(VocabularyError)
  }

  public init(file: String, problem: Problem) { (self.file, self.problem) = (file, problem) }

  public var description: String {
    let problem =
      switch problem {
      case .notUTF8(let offset): "is not UTF-8 at byte \(offset)"
      case .tooLong(let limit): "is longer than the \(limit) bytes that a vocabulary may have"
      case .json(let offset): "is no JSON list or object of symbols, from byte \(offset) on"
      case .symbolTwice(let symbol): "the symbol \(symbol.quotedName) stands twice"
      case .mixedObject: "is a JSON object that maps neither symbols to numbers nor numbers to symbols"
      case .emptyLine(let line): "line \(line) is empty; write a line feed as \\n"
      case .unknownEscape(let line): "line \(line) has an unknown escape; there are \\n, \\r, \\t and \\\\"
      case .missingNumber(let number, let symbols):
        "no symbol has the number \(number), of \(symbols) symbols; numbers run from 0, or from 1, without a gap"
      case .numberTwice(let number): "two symbols have the number \(number)"
      case .negativeNumber(let number): "a symbol has the number \(number); numbers run from 0, or from 1"
      case .notByte(let number): "the number \(number) is no byte"
      case .vocabulary(let error): "\(error)"
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
      case .malformed(let offset, _), .notAnInteger(let offset), .integerTooLarge(let offset),
        .textTooLong(let offset, _):
        .json(offset: offset)
      }
  }
}
