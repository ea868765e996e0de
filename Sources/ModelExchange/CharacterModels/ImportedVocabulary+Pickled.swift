import ForeignFiles
import LanguageModels
import SequenceText

extension ImportedVocabulary {
  /// Keys under which programs save the symbols of a character model beside its weights.
  private static let keys = [
    "vocabulary", "vocab", "chars", "symbols", "itos", "stoi", "char_to_ix", "ix_to_char", "char_to_idx", "idx_to_char",
    "char2idx", "idx2char", "char2int", "int2char", "token_to_idx", "idx_to_token",
  ]

  /// The vocabulary that stands beside the weights: the one that charrnn exports with a model; in a file of PyTorch a list of texts,
  /// a text, or a dictionary between texts and numbers, under a name that is usual for it. Nil where there is none, or several that
  /// differ.
  ///
  /// - Parameter kind: as for `init(symbols:kind:)`.
  /// - Throws: where the symbols are no vocabulary, or not of this kind.
  public init?(in file: PackageFile, kind: TokenKind? = nil) throws(ImportedVocabularyError) {
    do { try self.init(among: file, kind: kind) } catch {
      throw ImportedVocabularyError(file: file.path, problem: .vocabulary(error))
    }
  }

  private init?(among file: PackageFile, kind: TokenKind?) throws(VocabularyError) {
    if let json = file.metadata[MetadataKey.vocabulary],
      let own = file.metadata[MetadataKey.tokens].flatMap(TokenKind.init(rawValue:))
    {
      let vocabulary = try Vocabulary(json: json, kind: own)
      try self.init(symbols: vocabulary.symbols, kind: kind ?? own)
      return
    }
    guard let root = file.pickled else { return nil }
    let found = Set(Self.keys.compactMap { key in root[key].flatMap(Self.symbols) })
    guard found.count == 1, let symbols = found.first else { return nil }
    try self.init(symbols: symbols, kind: kind)
  }

  private static func symbols(of value: PickledValue) -> [[UInt8]]? {
    switch value {
    case .list(let elements), .tuple(let elements):
      let texts = elements.compactMap(\.text)
      return texts.count == elements.count ? texts : nil
    case .string(let text): return text.unicodeScalars.map { Array(String($0).utf8) }
    case .dictionary(let entries):
      let pairs = entries.compactMap { entry -> (symbol: [UInt8], number: Int)? in
        switch (entry.key, entry.value) {
        case (.string(let text), .int(let number)), (.int(let number), .string(let text)): (Array(text.utf8), number)
        default: nil
        }
      }
      return pairs.count == entries.count ? try? inOrder(pairs) : nil
    default: return nil
    }
  }
}

extension PickledValue {
  fileprivate var text: [UInt8]? {
    if case .string(let text) = self { Array(text.utf8) } else { nil }
  }
}
