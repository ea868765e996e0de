import Foundation
import TensorCore

extension Vocabulary {
  /// The symbols as a JSON list, sorted: numbers for bytes, strings for scalars and characters.
  ///
  /// The text depends on the symbols alone. The kind is not in it, so that it is a plain list for any reader.
  public var json: String {
    JSONText.array(
      symbols.map { symbol in
        kind == .byte ? .integer(Int(symbol[0])) : .string(String(decoding: symbol, as: UTF8.self))
      }
    ).compact
  }

  /// The vocabulary that a JSON list holds (with any spacing and escapes, as other writers make them).
  ///
  /// - Throws: `VocabularyError` where the text is not such a list, or its symbols are not a sorted vocabulary: ids are
  ///   positions in the list, and sorting here would give them to other symbols.
  public init(json: String, kind: TokenKind) throws(VocabularyError) {
    let decoder = JSONDecoder()
    let data = Data(json.utf8)
    let symbols: [[UInt8]]?
    if kind == .byte {
      symbols = (try? decoder.decode([UInt8].self, from: data))?.map { [$0] }
    } else {
      symbols = (try? decoder.decode([String].self, from: data))?.map { Array($0.utf8) }
    }
    guard let symbols else { throw .malformed(kind) }
    try self.init(sorted: symbols, kind: kind)
  }
}
