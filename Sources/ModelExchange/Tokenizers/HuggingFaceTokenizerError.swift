import SequenceText
import TensorCore

/// A file that is no tokenizer of byte-level BPE, or of one that is not read here.
public struct HuggingFaceTokenizerError: Error, Equatable, CustomStringConvertible {
  public let file: String
  public let problem: Problem

  public enum Problem: Error, Equatable {
    case notUTF8(offset: Int)
    case tooLong(limit: Int)
    /// JSON that is malformed, or none of a tokenizer, at this byte.
    case json(offset: Int)
    case nameTwice(String)
    /// The parts beside the symbols and merges have more values, or bytes of text, than are kept.
    case tooLarge(values: Int, bytes: Int)
    /// Path of a member that decides ids in another way, with its value or the type that it names; nil where the path says it.
    case unsupported(String, String?)
    /// Path and value of a member by which tokens do not spell a text as it is.
    case changesText(String, String)
    /// Path and value of a member by which a text is not cut into pieces.
    case cutsNoPieces(String, String)
    /// Path and values of members by which some added symbols are found before others that overlap them.
    case overlaps(String, String)
    /// A symbol that is not spelt in the characters that stand for bytes.
    case noBytes(String)
    case idTwice(Int)
    /// An id that no symbol has, and the symbol with the next larger one.
    case missingID(Int, next: String, Int)
    /// A symbol, or added token, whose id is no whole number that an id may be.
    case invalidID(String, isAdded: Bool)
    case tooManyAdded(limit: Int)
    /// Place, from 0, of an added token that is no text, or an empty one.
    case noContent(Int)
    case longAdded(String, limit: Int)
    case addedTwice(String)
    /// An added token, and the id of the model's symbol that has its bytes.
    case addedSymbol(String, Int)
    /// An added token, and the id of the model's symbol that is written as it is, and spells other bytes.
    case twoTexts(String, Int)
    /// An added symbol with its id, and the one that the model gives it.
    case otherID(String, Int, Int)
    /// An added token that is no symbol of the model with its id, and the one that its place gives it.
    case otherOrder(String, Int, Int)
    case vocabulary(VocabularyError)
  }

  public init(file: String, problem: Problem) { (self.file, self.problem) = (file, problem) }

  public var description: String {
    let problem =
      switch problem {
      case .notUTF8(let offset): "is not UTF-8 at byte \(offset); it should be a tokenizer.json"
      case .tooLong(let limit): "is longer than the \(limit) bytes that a tokenizer may have"
      case .json(let offset): "is no tokenizer.json, from byte \(offset) on"
      case .tooLarge(let values, let bytes):
        "has more than \(values) values or \(bytes) bytes beside the symbols and merges of its model"
      case .nameTwice(let name): "the name \(name.quotedName) stands twice in an object"
      case .unsupported(let path, let value):
        "\(path.printable(atMost: 100))\(value.map { " is \($0.printable(atMost: 100)), which" } ?? "") is not read here; a tokenizer "
          + "of byte-level BPE is, as of GPT-2"
      case .changesText(let path, let value):
        "\(path) is \(value): its tokens do not spell every text as it is, and a model is trained on those that do; set it to false "
          + "and learn the tokenizer anew"
      case .cutsNoPieces(let path, let value):
        "\(path) is \(value): it spells a text as a whole, and a text to train on is cut into pieces first; set it to true and learn "
          + "the tokenizer anew"
      case .overlaps(let path, let values):
        "\(path) is \(values), of tokens that overlap: some are found before others, and in a text to train on all at once"
      case .noBytes(let symbol): "the symbol \(symbol.quotedName) is not spelt in the characters of byte-level BPE"
      case .idTwice(let id): "two symbols have the id \(id)"
      case .missingID(let id, let symbol, let next):
        "no symbol has the id \(id), and \(symbol.quotedName) has \(next); ids run from 0 without a gap"
      case .invalidID(let symbol, let isAdded):
        "the id of the \(isAdded ? "added token" : "symbol") \(symbol.quotedName) is no whole number from 0 to "
          + "\(TokenizerSettings.largestID)"
      case .tooManyAdded(let limit): "added_tokens has more than \(limit) tokens"
      case .noContent(let place): "added_tokens[\(place)] has no content"
      case .longAdded(let token, let limit): "the added token \(token.quotedName) has more than \(limit) bytes"
      case .addedTwice(let token): "the added token \(token.quotedName) is there twice"
      case .addedSymbol(let token, let id):
        "the added token \(token.quotedName) has the bytes of the symbol with the id \(id), and a vocabulary has a symbol once"
      case .twoTexts(let token, let id):
        "the added token \(token.quotedName) is written as the symbol with the id \(id), which spells other bytes"
      case .otherID(let symbol, let id, let other):
        "the added token \(symbol.quotedName) has the id \(id), and in the model's vocab \(other)"
      case .otherOrder(let token, let id, let own):
        "the added token \(token.quotedName) has the id \(id), and by its place \(own); list added tokens by their ids, after the model's"
      case .vocabulary(.missingByte(let byte)):
        "\(VocabularyError.missingByte(byte)); train the tokenizer with initial_alphabet=pre_tokenizers.ByteLevel.alphabet()"
      case .vocabulary(let error): "\(error)"
      }
    return "\(file): \(problem)"
  }
}

extension HuggingFaceTokenizerError.Problem {
  init(_ problem: JSONProblem) {
    self =
      switch problem {
      case .duplicateName(let name, _): .nameTwice(name)
      case .tooManyElements(_, Vocabulary.largestMergeCount):
        .vocabulary(.tooManyMerges(limit: Vocabulary.largestMergeCount))
      case .tooManyElements(_, Vocabulary.largestPieceCount):
        .vocabulary(.tooManySymbols(limit: Vocabulary.largestPieceCount))
      case .tooManyElements(_, TokenizerSettings.mostAdded): .tooManyAdded(limit: TokenizerSettings.mostAdded)
      case .textTooLong(_, TokenizerRoom.mostBytes):
        .tooLarge(values: TokenizerRoom.mostValues, bytes: TokenizerRoom.mostBytes)
      default: .json(offset: problem.offset)
      }
  }
}
