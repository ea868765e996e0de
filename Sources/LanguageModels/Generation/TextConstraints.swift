import Foundation

/// Conditions that a generated text keeps.
public struct TextConstraints: Sendable {
  /// Where this text would appear in what is generated, the text ends before it; nil for nowhere.
  public var stop: String?
  /// Expression that what is generated matches as a whole; nil for any text. Where a match could end, the text ends as soon as a
  /// token is drawn that could not go on matching.
  public var pattern: TokenAutomaton?
  /// Limit of what is copied from another text; where every token would copy more, the text ends.
  public var copying: CopyLimit?
  /// Whether a model whose tokens spell bytes may write any, valid UTF-8 or not.
  public var allowsAnyBytes: Bool

  public init(
    stop: String? = nil, pattern: TokenAutomaton? = nil, copying: CopyLimit? = nil, allowsAnyBytes: Bool = false
  ) {
    self.stop = stop
    self.pattern = pattern
    self.copying = copying
    self.allowsAnyBytes = allowsAnyBytes
  }
}

/// Part of a text that a model writes.
public struct GeneratedPiece: Sendable {
  /// Bytes that are certain now: often one character, sometimes none. They never split a character, unless any bytes are allowed.
  public let bytes: [UInt8]
  /// The token that was drawn; nil for the prime, for what is held back to the end, and where choices are not asked for.
  public let choice: TokenChoice?

  public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// A token that was drawn, and what else the model thought likely.
public struct TokenChoice: Sendable, Equatable, Codable {
  public struct Alternative: Sendable, Equatable, Codable {
    public let token: Int32
    /// Probability that the model gave it, whatever the temperature and the constraints.
    public let probability: Double
  }

  public let drawn: Alternative
  /// The likeliest tokens, the likeliest first.
  public let likeliest: [Alternative]

  init(token: Int32, of scores: [Double], likeliest count: Int) {
    let largest = scores.max() ?? 0
    let sum = scores.reduce(0) { $0 + exp($1 - largest) }
    func alternative(_ token: Int) -> Alternative {
      Alternative(token: Int32(token), probability: exp(scores[token] - largest) / sum)
    }
    drawn = alternative(Int(token))
    likeliest = SamplingOptions.likeliest(count, of: scores).map(alternative)
  }
}
