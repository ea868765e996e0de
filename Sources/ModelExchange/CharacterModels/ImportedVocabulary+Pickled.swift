import ForeignFiles
import LanguageModels
import SequenceText

extension ImportedVocabulary {
  /// The vocabulary that stands beside the weights: the one that charrnn exports with a model; in a file of PyTorch a list of texts,
  /// a text, or a dictionary between texts and numbers, under a name that is usual for it. Nil where there is none.
  ///
  /// - Parameter kind: as for `init(symbols:kind:)`.
  /// - Throws: where there are several that differ, or the symbols are no vocabulary, or not of this kind.
  public init?(in file: PackageFile, kind: TokenKind? = nil) throws(ImportedVocabularyError) {
    do throws(ImportedVocabularyError.Problem) {
      let json = file.metadata[MetadataKey.vocabulary]
      if let json, let own = file.metadata[MetadataKey.tokens].flatMap(TokenKind.init(rawValue:)) {
        if own.isOfPieces { throw .pieces(own) }
        self = try .read { () throws(VocabularyError) in
          ImportedVocabulary(try Vocabulary(symbols: Vocabulary(json: json, kind: own).symbols, kind: kind ?? own))
        }
        return
      }
      guard let found = try file.pickled.map(VocabularyValue.init)?.symbolsUnderUsualNames() else { return nil }
      self = try .read { () throws(VocabularyError) in try ImportedVocabulary(found, kind: kind) }
    } catch { throw ImportedVocabularyError(file: file.path, problem: error) }
  }

  /// - Throws: the error of a vocabulary as a problem of the file that it was in.
  private static func read(
    _ make: () throws(VocabularyError) -> ImportedVocabulary
  ) throws(ImportedVocabularyError.Problem) -> ImportedVocabulary {
    do { return try make() } catch { throw .vocabulary(error) }
  }
}

extension VocabularyValue {
  fileprivate init(_ value: PickledValue) {
    switch value {
    case .list(let elements), .tuple(let elements):
      let texts = elements.compactMap(\.utf8)
      self = texts.count == elements.count ? .texts(texts) : .other
    case .string(let text): self = .text(Array(text.utf8))
    case .int(let number): self = .number(number)
    case .dictionary(let entries):
      self = .object(
        entries.map { entry in
          switch entry.key {
          case .string(let name): Member(name: Array(name.utf8), number: Int(name), value: VocabularyValue(entry.value))
          case .int(let number): Member(name: nil, number: number, value: VocabularyValue(entry.value))
          default: Member(name: nil, number: nil, value: .other)
          }
        })
    default: self = .other
    }
  }
}

extension PickledValue {
  fileprivate var utf8: [UInt8]? {
    if case .string(let text) = self { Array(text.utf8) } else { nil }
  }
}
