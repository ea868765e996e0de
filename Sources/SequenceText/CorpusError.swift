import TensorCore

/// Why a text cannot be trained on or evaluated.
public enum CorpusError: Error, Equatable, CustomStringConvertible {
  /// A file that is not there, is a directory, may not be read, or failed while it was read.
  case unreadable(FileError)
  /// A file without text; it may have a byte-order mark.
  case empty(file: String, hasMark: Bool = false)
  /// The offset, in bytes from the start of the file, of the first ill-formed sequence.
  case invalidUTF8(file: String, offset: Int)
  /// More distinct symbols than a vocabulary may have.
  case vocabularyTooLarge(symbols: Int, limit: Int, kind: TokenKind)
  /// Symbols of more bytes, taken together, than a vocabulary may have.
  case symbolsTooLong(bytes: Int, limit: Int, kind: TokenKind)
  /// A text with so many different words, of so many bytes together, that they cannot be counted to find a vocabulary.
  case tooManyWords(pieces: Int, bytes: Int)
  /// Symbols that a given vocabulary does not have; the offset of the first is that in the file.
  case unknownSymbols(file: String, UnknownSymbols)
  case tooSmall(CorpusTooSmall)
  /// A part of the corpus with fewer than two tokens: there is nothing to predict in it.
  case nothingToPredict(part: CorpusSplit.Part, tokens: Int)
  /// A corpus that has too few pieces of a kind to be split by them.
  case undivided(units: Int, of: CorpusArrangement.Unit)
  /// A text of documents that has no two of them.
  case oneDocument(of: CorpusArrangement.Documents)
  /// A list, or a text with one to validate on, whose lines end in different ways.
  case mixedLineEnds(lineFeeds: Int, pairs: Int, returns: Int)

  /// The kinds of failure that a caller answers differently.
  public enum Category: Sendable, Hashable {
    /// The text was read and is no good.
    case data
    /// There is nothing to read.
    case noInput
    /// Reading failed.
    case inputOutput
  }

  public var category: Category {
    switch self {
    case .unreadable(let error): error.kind == .inputOutput ? .inputOutput : .noInput
    default: .data
    }
  }

  public var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .empty(let file, false): "\(file): the file is empty; give it some text"
    case .empty(let file, true): "\(file): the file holds a byte-order mark alone; give it some text"
    case .invalidUTF8(let file, let offset):
      "\(file): not valid UTF-8 at byte \(offset)"
    case .vocabularyTooLarge(let symbols, let limit, let kind):
      "the text has \(symbols) different \(kind)s, and a vocabulary may have \(limit)"
    case .symbolsTooLong(let bytes, let limit, let kind):
      "the different \(kind)s of the text have \(bytes) bytes together, and those of a vocabulary may have \(limit)"
    case .tooManyWords(let pieces, let bytes):
      "the text has \(pieces) different words of \(bytes) bytes or more, too many for the memory that finding a vocabulary may take; choose bytes as tokens"
    case .unknownSymbols(let file, let unknown): "\(file): \(unknown)"
    case .tooSmall(let numbers): numbers.description
    case .nothingToPredict(.all, let tokens):
      "the text has \(counted(tokens, "token")), and a prediction takes two; give a longer text"
    case .nothingToPredict(let part, let tokens):
      "the \(part) part of the text has \(counted(tokens, "token")), and a prediction takes two"
    case .oneDocument(.ending(let end)):
      "\(end.debugDescription) does not end two documents in this text; check how it is spelled"
    case .oneDocument(.files): "the text is one file; give several, or leave each-file out"
    case .oneDocument: "the text has no two lines"
    case .mixedLineEnds(let lineFeeds, let pairs, let returns):
      "line ends are LF (\(lineFeeds)), CR LF (\(pairs)) and CR (\(returns)); make them alike, for example with dos2unix"
    case .undivided(let units, let unit):
      "the text has \(units) of the \(unit.rawValue) that it is to be split by, too few for a part each; choose another unit"
    }
  }
}
