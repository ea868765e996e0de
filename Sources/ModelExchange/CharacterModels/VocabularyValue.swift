import SequenceText
import TensorCore

/// A value of a file that may be a vocabulary, or hold one under a name that is usual for it.
///
/// Names are pairs in a list, as a dictionary of texts would take symbols of different bytes for one where they are canonically
/// equivalent.
indirect enum VocabularyValue {
  case text([UInt8])
  case number(Int)
  case texts([[UInt8]])
  case bytes([UInt8])
  case object([Member])
  /// Something that is no part of a vocabulary.
  case other

  struct Member {
    /// Text in UTF-8; nil for a name that is a number.
    let name: [UInt8]?
    /// Number that the name is or spells; nil for other texts.
    let number: Int?
    let value: VocabularyValue

    func isNamed(_ key: String) -> Bool { name?.elementsEqual(key.utf8) ?? false }
  }

  /// Symbols in the order of their numbers.
  struct Symbols: Hashable {
    var symbols: [[UInt8]]
    /// Whether they are single bytes that are written as numbers.
    var areBytes = false
    /// Whether their numbers run from 1.
    var startAtOne = false
    /// Kind of token, where one of charrnn's exports says it.
    var kind: TokenKind?
  }

  /// Names under which programs save the symbols of a character model.
  static let keys = [
    "vocabulary", "vocab", "chars", "symbols", "itos", "stoi", "char_to_ix", "ix_to_char", "char_to_idx", "idx_to_char",
    "char2idx", "idx2char", "char2int", "int2char", "token_to_idx", "idx_to_token", "token_to_id", "id_to_token",
    "char_to_index", "index_to_char", "char_indices", "indices_char", "word_index", "index_word", "all_characters",
    "characters",
    "alphabet", "tokens",
  ]
  /// Names of objects that may hold the symbols under one of these names again.
  private static let outerKeys: Set = ["vocabulary", "vocab", "model"]

  /// Whether the symbols may stand under a name.
  static func isUsual(_ name: String) -> Bool { (keys + ["model"]).contains(name) }

  /// The symbols that stand under usual names; nil where nothing does.
  ///
  /// - Throws: where there are several that differ, or the only ones are no vocabulary.
  func symbolsUnderUsualNames() throws(ImportedVocabularyError.Problem) -> Symbols? {
    guard case .object(let members) = self else { return nil }
    if let own = try Self.symbolsOfExport(members) { return own }
    var found: [(key: String, symbols: Symbols)] = []
    var problem: ImportedVocabularyError.Problem?
    for member in members {
      guard let key = (Self.keys + ["model"]).first(where: member.isNamed) else { continue }
      do throws(ImportedVocabularyError.Problem) {
        if Self.outerKeys.contains(key), let inner = try member.value.symbolsUnderUsualNames() {
          found.append((key, inner))
        } else if Self.keys.contains(key), let symbols = try member.value.symbols() {
          found.append((key, symbols))
        }
      } catch { problem = problem ?? error }
    }
    if Set(found.map(\.symbols.symbols)).count > 1 { throw .severalThatDiffer(found.map(\.key)) }
    if let problem, found.isEmpty { throw problem }
    return found.first?.symbols
  }

  /// The symbols of the settings that charrnn exports with a model, which say the kind of token.
  ///
  /// - Throws: where they are words or subwords.
  private static func symbolsOfExport(_ members: [Member]) throws(ImportedVocabularyError.Problem) -> Symbols? {
    var (kind, symbols) = (TokenKind?.none, Symbols?.none)
    for member in members {
      if member.isNamed("tokens"), case .text(let text) = member.value {
        kind = TokenKind(rawValue: String(decoding: text, as: UTF8.self))
      } else if member.isNamed("vocabulary") {
        symbols = try? member.value.symbols()
      }
    }
    guard let kind else { return nil }
    if kind.isOfPieces { throw .pieces(kind) }
    symbols?.kind = kind
    return symbols
  }

  /// The symbols that this value is; nil where it is a number or nothing of a vocabulary.
  ///
  /// - Throws: where it is an object of other things, or of numbers that do not run without a gap.
  func symbols() throws(ImportedVocabularyError.Problem) -> Symbols? {
    switch self {
    case .text(let text):
      return Symbols(symbols: String(decoding: text, as: UTF8.self).unicodeScalars.map { Array(String($0).utf8) })
    case .texts(let texts): return Symbols(symbols: texts)
    case .bytes(let bytes): return Symbols(symbols: bytes.map { [$0] }, areBytes: true)
    case .object(let members):
      var pairs: [(symbol: [UInt8], number: Int)] = []
      var numbersAreNames: Bool?
      for member in members {
        switch member.value {
        case .number(let number) where numbersAreNames != true && member.name != nil:
          numbersAreNames = false
          pairs.append((member.name!, number))
        case .text(let text) where numbersAreNames != false && member.number != nil:
          numbersAreNames = true
          pairs.append((text, member.number!))
        default: throw .mixedObject
        }
      }
      return try Self.inOrder(pairs)
    case .number, .other: return nil
    }
  }

  private static func inOrder(
    _ pairs: [(symbol: [UInt8], number: Int)]
  ) throws(ImportedVocabularyError.Problem) -> Symbols {
    let sorted = pairs.sorted { $0.number < $1.number }
    if let number = sorted.first?.number, number < 0 { throw .negativeNumber(number) }
    let first = sorted.first?.number == 1 ? 1 : 0
    for (index, pair) in sorted.enumerated() where pair.number != index + first {
      throw pair.number < index + first
        ? .numberTwice(pair.number) : .missingNumber(index + first, symbols: sorted.count)
    }
    return Symbols(symbols: sorted.map(\.symbol), startAtOne: first == 1)
  }
}
