import TensorCore

/// Arrangement of a corpus: what its documents are, and what the parts to train, validate and test on are made of.
public struct CorpusArrangement: Sendable, Hashable {
  /// Extent of a document. A model's state is reset where one begins.
  public enum Documents: Sendable, Hashable {
    /// The whole text is one.
    case whole
    /// Each line is one, with its end.
    case lines
    /// Each ends with this text, which is not empty.
    case ending(String)
    /// Each file is one.
    case files
  }

  /// Pieces that go to one part or another as they are.
  public enum Unit: String, Sendable, Hashable, CaseIterable {
    /// Stretches: the end of the text is held out, its last documents where there are several.
    case end
    /// A hundredth of the text.
    case blocks
    case files
    case documents
    case lines
  }

  public var documents: Documents
  public var unit: Unit
  /// Whether the last file is the validation part, whatever the fraction for validation; the test part is taken from the others.
  public var lastFileValidates: Bool

  /// - Parameter unit: nil for documents where there are several, else `end`.
  public init(documents: Documents = .whole, unit: Unit? = nil, lastFileValidates: Bool = false) {
    self.documents = documents
    self.unit = unit ?? (documents == .whole ? .end : .documents)
    self.lastFileValidates = lastFileValidates
  }

  /// Text that ends a document; nil for lines and files, and where there is one document.
  package var separator: String? { if case .ending(let text) = documents { text } else { nil } }

  /// Whether the parts are other ones where the files of the text are.
  package var dependsOnFiles: Bool { documents == .files || unit == .files || lastFileValidates }

  /// Token that a document begins after, in the symbols of a vocabulary; nil where the text is one.
  public func beginning(in vocabulary: Vocabulary) -> Int32? {
    documentEnd(in: vocabulary)?.last ?? (documents == .files ? vocabulary.lineEnd ?? 0 : nil)
  }

  /// Tokens that end a document, in the symbols of a vocabulary; nil where no text does: where there is one document, where files
  /// are, and where the vocabulary cannot spell its end.
  public func documentEnd(in vocabulary: Vocabulary) -> [Int32]? {
    switch documents {
    case .whole, .files: return nil
    case .lines:
      // In scalars and bytes CR LF is two tokens; a list has one kind of line end.
      let pair = vocabulary.kind == .character ? [] : LineEnd.pair.bytes.compactMap { vocabulary.id(of: [$0]) }
      return pair.count == 2 ? pair : vocabulary.lineEnd.map { [$0] }
    case .ending(let text):
      guard let encoding = try? Tokenizer(vocabulary).encode(text), !encoding.tokens.isEmpty else { return nil }
      return Array(encoding.tokens)
    }
  }
}
