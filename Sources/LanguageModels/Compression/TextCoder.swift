import SequenceText

/// Model of a text as tokens and raw bytes, which codes it in either direction.
///
/// Before each item stands a flag, which tells a token from a byte that no token spells. A run of such bytes soon costs little
/// more than the bytes, since the flags depend on what came before.
struct TextCoder {
  /// Part of a text: a token of the vocabulary, or a byte that stands in none.
  enum Item: Equatable {
    case token(Int32)
    case byte(UInt8)
  }

  private var predictor: NextTokenPredictor
  /// Whether a byte follows: after a token, and after a byte.
  private var isByte = (afterToken: AdaptiveFlag(), afterByte: AdaptiveFlag())
  private var wasByte = false
  private var rawBytes = AdaptiveBytes()

  init(_ predictor: NextTokenPredictor) { self.predictor = predictor }

  /// Codes the next item.
  ///
  /// - Parameter item: item to encode; a decoder ignores it.
  /// - Returns: the item.
  mutating func code(_ item: Item, with coder: inout some SymbolCoder) throws(CompressionError) -> Item {
    let (token, byte): (Int32, UInt8?) =
      switch item {
      case .token(let token): (token, nil)
      case .byte(let byte): (0, byte)
      }
    wasByte =
      wasByte
      ? try isByte.afterByte.code(byte != nil, with: &coder) : try isByte.afterToken.code(byte != nil, with: &coder)
    if wasByte { return .byte(try rawBytes.code(byte ?? 0, with: &coder)) }
    let probabilities = try CodedProbabilities(scores: predictor.scores())
    let found = try coder.code(Int(token), counts: probabilities.counts, total: CodedProbabilities.total)
    predictor.read(Int32(found))
    return .token(Int32(found))
  }

  /// Most items that one byte can hold: none has a probability above 1 − 2⁻²⁶.
  static let mostItemsPerByte = 1 << 29
}

extension Tokenizer {
  /// A text as items: its tokens, and the bytes of those that the vocabulary lacks.
  func items(of bytes: [UInt8]) -> [TextCoder.Item] {
    var items: [TextCoder.Item] = []
    forEachPiece(
      of: bytes, known: { items.append(.token($0)) },
      unknown: { items.append(contentsOf: bytes[$0].map { .byte($0) }) })
    return items
  }
}
