import SequenceText
import TensorCore

/// Tokenizer of a `tokenizer.json` file of Hugging Face: byte-level BPE, as of GPT-2 and of many models since.
///
///     let tokenizer = try HuggingFaceTokenizer(contentsOf: "tokenizer.json")
///     let ids = tokenizer.encode("Hello there")
///     let text = String(decoding: tokenizer.decode(ids), as: UTF8.self)
///
/// Ids are those of the package `tokenizers`, without special tokens around a text. Classes of characters are those of
/// Swift's version of Unicode, which may know characters that another does not. A file in which anything else decides ids is
/// refused: another model or pre-tokenizer, a normalizer, a template of special tokens, truncation.
public struct HuggingFaceTokenizer: Sendable {
  /// Symbols, in the order of their ids, and merges.
  public let vocabulary: Vocabulary
  private let file: String
  private let addsPrefixSpace, cutsPieces: Bool
  /// Added symbols that are found first, and those that are found in what they leave.
  private let firstIDs, otherIDs: [Int32]
  private let firstAdded, otherAdded: AddedSymbols?

  /// Most bytes of a file.
  private static let sizeLimit = 1 << 26

  /// Reads a file.
  ///
  /// - Throws: `FileError` where it cannot be read, `HuggingFaceTokenizerError` where it is no such tokenizer.
  public init(contentsOf path: String) throws {
    try self.init(MappedFile(path))
  }

  /// - Throws: `HuggingFaceTokenizerError` where a file is no such tokenizer.
  package init(_ file: MappedFile) throws(HuggingFaceTokenizerError) {
    func error(_ problem: HuggingFaceTokenizerError.Problem) -> HuggingFaceTokenizerError {
      HuggingFaceTokenizerError(file: file.path, problem: problem)
    }
    do {
      guard file.count <= Self.sizeLimit else { throw HuggingFaceTokenizerError.Problem.tooLong(limit: Self.sizeLimit) }
      if let offset = file.firstInvalidUTF8(in: 0..<file.count) {
        throw HuggingFaceTokenizerError.Problem.notUTF8(offset: offset)
      }
      var (members, model, room) = ([String: TokenizerValue](), TokenizerModel?.none, TokenizerRoom())
      try JSONScanner.scan(file, in: 0..<file.count) { scanner in
        try scanner.object(nameLimit: 256, countLimit: 64) { scanner, name in
          switch name {
          case "model": model = try scanner.tokenizerModel(&room)
          case "added_tokens":
            members[name] = try scanner.tokenizerValue(&room, atMost: TokenizerSettings.mostAdded)
          default: members[name] = try scanner.tokenizerValue(&room)
          }
        }
        try scanner.end(of: "file")
      }
      guard let model else { throw HuggingFaceTokenizerError.Problem.unsupported("model", "null") }
      // The type of the model comes first: other models have other settings.
      let takesWholePieces = try model.takesWholePieces()
      try self.init(
        model, takesWholePieces: takesWholePieces, TokenizerSettings(members), file: file.path)
    } catch let problem as HuggingFaceTokenizerError.Problem {
      throw error(problem)
    } catch let problem as JSONProblem {
      throw error(.init(problem))
    } catch let problem as VocabularyError {
      throw error(.vocabulary(problem))
    } catch let other {
      programmingError("HuggingFaceTokenizer: \(other)")
    }
  }

  private init(
    _ model: TokenizerModel, takesWholePieces: Bool, _ settings: TokenizerSettings, file: String
  ) throws {
    try model.requireOneText(of: settings.addedTokens, takesWholePieces: takesWholePieces)
    let symbols = try model.symbols(adding: settings.addedTokens)
    (addsPrefixSpace, cutsPieces, self.file) = (settings.addsPrefixSpace, settings.cutsPieces, file)
    firstIDs = settings.addedTokens.filter { !$0.isNormalized }.map { Int32($0.id) }
    otherIDs = settings.addedTokens.filter(\.isNormalized).map { Int32($0.id) }
    (firstAdded, otherAdded) = (AddedSymbols(firstIDs, of: symbols), AddedSymbols(otherIDs, of: symbols))
    vocabulary = try Vocabulary(
      symbols: symbols, merges: model.mergesByID(), added: firstIDs + otherIDs,
      takesWholePieces: takesWholePieces)
  }

  /// Ids of the tokens of a text.
  ///
  /// - Complexity: O(n log n) for n bytes. Pieces that come again in a call are spelt once, and nothing is remembered between calls:
  ///   a long text is encoded faster whole than line by line.
  public func encode(_ text: String) -> [Int32] {
    var (ids, encoder) = ([Int32](), PieceEncoder(vocabulary))
    for part in parts(of: Array(text.utf8), between: firstAdded) {
      switch part {
      case .symbol(let id): ids.append(id)
      case .text(let bytes):
        for part in parts(of: bytes, between: otherAdded) {
          switch part {
          case .symbol(let id): ids.append(id)
          case .text(let bytes): spell(bytes, by: &encoder, to: &ids)
          }
        }
      }
    }
    return ids
  }

  /// Adds the ids of a part of a text that has no added symbol in it.
  private func spell(_ part: [UInt8], by encoder: inout PieceEncoder, to ids: inout [Int32]) {
    let space = UInt8(ascii: " ")
    let text = addsPrefixSpace && part[0] != space ? [space] + part : part
    let pieces = cutsPieces ? TextPieceRule.pieces(of: text) : [0..<text.count]
    for piece in pieces { encoder.append(piece, of: text, to: &ids) }
  }

  /// Bytes that some tokens spell. Traps on an id outside the vocabulary.
  public func decode(_ ids: some Sequence<Int32>) -> [UInt8] { Tokenizer(vocabulary).decode(ids) }

  /// The vocabulary for a model to be trained on: of a tokenizer that spells any bytes as they are.
  ///
  /// - Throws: `HuggingFaceTokenizerError` where it puts spaces into a text or cuts no pieces, and where added symbols that are found
  ///   first overlap others.
  public func vocabularyToTrain() throws(HuggingFaceTokenizerError) -> Vocabulary {
    let problem: HuggingFaceTokenizerError.Problem? =
      if addsPrefixSpace {
        .changesText("pre_tokenizer.add_prefix_space", "true")
      } else if !cutsPieces {
        .cutsNoPieces("pre_tokenizer.use_regex", "false")
      } else if hasOverlaps {
        .overlaps("added_tokens.normalized", "true and false")
      } else {
        nil
      }
    if let problem { throw HuggingFaceTokenizerError(file: file, problem: problem) }
    return vocabulary
  }

  /// Whether a symbol has one in it that is found first, or ends with the beginning of one.
  private var hasOverlaps: Bool {
    guard let firstAdded else { return false }
    return otherIDs.contains { id in
      let symbol = vocabulary[id]
      return firstAdded.first(in: symbol, from: 0) != nil
        || symbol.indices.dropFirst().contains { firstAdded.hasSymbol(beginningWith: symbol[$0...]) }
    }
  }

  /// An added symbol, or what stands between two, which is not empty.
  private enum Part {
    case symbol(Int32)
    case text([UInt8])
  }

  private func parts(of text: [UInt8], between symbols: AddedSymbols?) -> [Part] {
    var (parts, start) = ([Part](), 0)
    while let found = symbols?.first(in: text, from: start) {
      if start < found.start { parts.append(.text(Array(text[start..<found.start]))) }
      parts.append(.symbol(found.id))
      start = found.start + found.length
    }
    if start < text.count { parts.append(.text(start == 0 ? text : Array(text[start...]))) }
    return parts
  }
}

extension TokenizerModel {
  /// Whether a piece that is a symbol is that symbol.
  ///
  /// - Throws: where the model is another one, or a setting of it changes ids.
  fileprivate func takesWholePieces() throws(HuggingFaceTokenizerError.Problem) -> Bool {
    switch settings["type"] {
    case nil, .text("BPE"): break
    case .text(let name): throw .unsupported("model.type", name)
    default: throw .unsupported("model.type", nil)
    }
    if listsSymbols { throw .unsupported("model.vocab", "a list") }
    var takesWholePieces = false
    for (name, value) in settings.sorted(by: { $0.key < $1.key }) where name != "type" {
      switch (name, value) {
      case ("ignore_merges", .flag(let isOn)): takesWholePieces = isOn
      // All bytes are symbols, so that nothing is unknown.
      case ("unk_token", _), ("fuse_unk", _): break
      case ("dropout", .null), ("dropout", .number(0)), ("byte_fallback", .flag(false)): break
      case ("continuing_subword_prefix", .null), ("continuing_subword_prefix", .text("")): break
      case ("end_of_word_suffix", .null), ("end_of_word_suffix", .text("")): break
      default: throw .unsupported("model.\(name)", nil)
      }
    }
    return takesWholePieces
  }

  /// Symbols in the order of their ids.
  ///
  /// - Parameter added: symbols that stand as they are, among the others or after them.
  fileprivate func symbols(
    adding added: [TokenizerSettings.AddedToken]
  ) throws(HuggingFaceTokenizerError.Problem) -> [[UInt8]] {
    var known: [Int: [UInt8]] = [:]
    var addedTexts: Set<[UInt8]> = []
    let ids = Dictionary(uniqueKeysWithValues: symbols.map { (Array($0.text.utf8), $0.id) })
    for token in added {
      let own = Array(token.text.utf8)
      guard addedTexts.insert(own).inserted else { throw .addedTwice(token.text) }
      if let id = ids[own], id != token.id { throw .otherID(token.text, token.id, id) }
      guard known.updateValue(own, forKey: token.id) == nil else { throw .idTwice(token.id) }
    }
    let addedIDs = Set(known.keys)
    var seen: Set<Int> = []
    for (text, id) in symbols {
      guard seen.insert(id).inserted else { throw .idTwice(id) }
      if addedIDs.contains(id) {
        guard known[id]!.elementsEqual(text.utf8) else { throw .idTwice(id) }
        continue
      }
      guard let bytes = ByteAlphabet.bytes(text), !bytes.isEmpty else { throw .noBytes(text) }
      if addedTexts.contains(bytes) { throw .addedSymbol(String(decoding: bytes, as: UTF8.self), id) }
      known[id] = bytes
    }
    guard !known.isEmpty else { throw .vocabulary(.noSymbols) }
    var all: [[UInt8]] = []
    for id in 0..<known.count {
      guard let symbol = known[id] else { throw gap(at: id, adding: added) }
      all.append(symbol)
    }
    // The package numbers the others in their order, whatever ids the file gives them.
    for (place, token) in added.filter({ ids[Array($0.text.utf8)] == nil }).enumerated() {
      let own = symbols.count + place
      if token.id != own { throw .otherOrder(token.text, token.id, own) }
    }
    return all
  }

  /// The problem of an id that no symbol has, though others have larger ones.
  private func gap(at id: Int, adding added: [TokenizerSettings.AddedToken]) -> HuggingFaceTokenizerError.Problem {
    let larger = (symbols + added.map { ($0.text, $0.id) }).filter { $0.id > id }
    let next = larger.min { $0.id < $1.id }!
    return .missingID(id, next: next.text, next.id)
  }

  /// Requires that a symbol of the model that is written as an added token is no other text, which its characters spell in bytes:
  /// its id would be that of both, as of `é` and of the byte that it stands for.
  fileprivate func requireOneText(
    of added: [TokenizerSettings.AddedToken], takesWholePieces: Bool
  ) throws(HuggingFaceTokenizerError.Problem) {
    var spelling: [[UInt8]: String] = [:]
    for token in added {
      let own = Array(token.text.utf8)
      if let bytes = ByteAlphabet.bytes(token.text), bytes != own { spelling[own] = token.text }
    }
    if spelling.isEmpty { return }
    var merged: Set<[UInt8]> = []
    for (left, right) in merges {
      merged.formUnion([left, right, left + right].map { Array($0.utf8) }.filter { spelling[$0] != nil })
    }
    for (text, id) in symbols {
      let key = Array(text.utf8)
      guard let token = spelling[key] else { continue }
      let isByte = text.unicodeScalars.count == 1
      if isByte || merged.contains(key) || takesWholePieces { throw .twoTexts(token, id) }
    }
  }

  /// Merges by the ids of their symbols.
  fileprivate func mergesByID() throws(VocabularyError) -> [Vocabulary.Merge] {
    let ids = Dictionary(
      symbols.map { (Array($0.text.utf8), Int32($0.id)) }, uniquingKeysWith: { first, _ in first })
    var numbered: [Vocabulary.Merge] = []
    for (number, (left, right)) in merges.enumerated() {
      guard let left = ids[Array(left.utf8)], let right = ids[Array(right.utf8)] else { throw .invalidMerge(number) }
      numbered.append(Vocabulary.Merge(left: left, right: right))
    }
    return numbered
  }
}
