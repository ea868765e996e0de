import CharrnnCommandSupport
import SequenceModeling

/// A text that a model wrote, with what it thought of each token, if that was asked for.
struct SampledText: Codable {
  var bytes: [UInt8] = []
  var choices: [TokenChoice] = []

  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func append(_ piece: GeneratedPiece) {
    bytes += piece.bytes
    if let choice = piece.choice { choices.append(choice) }
  }
}

/// Forms in which `sample` writes its texts.
enum SampleOutput {
  static let json = Flag(
    "json", help: "one JSON object: texts, the probability of each token, and how weights were held")
  static let probabilities = Flag(
    "probabilities", help: "a line for each token: its probability, and the likeliest in its place")

  static let options: [any OptionDeclaration] = [json, probabilities]
  /// Tokens that are shown in the place of one.
  private static let alternatives = 5

  /// How many of the likeliest tokens the output has for each; nil where it has none.
  static func likeliest(_ arguments: ParsedArguments) -> Int? {
    arguments[probabilities] ? alternatives : arguments[json] ? 0 : nil
  }

  /// Writes a text as it is, with a line feed if it does not end with one.
  static func writeText(_ text: SampledText) throws {
    var output = GeneratedText(.standardOutput)
    try output.write(text.bytes)
    try output.finish()
    if text.bytes.last != UInt8(ascii: "\n") { try output.write("\n") }
  }

  /// Writes an item on a line of its own.
  static func writeItem(_ item: SampledText) throws {
    var output = GeneratedText(.standardOutput)
    try output.write(item.bytes)
    try output.finish()
    try output.write("\n")
  }

  /// Writes a line between two texts.
  static func writeBorder() throws { try OutputChannel.standardOutput.write("----\n") }

  /// Writes a line for each token.
  static func writeTable(_ text: SampledText, _ vocabulary: Vocabulary) throws {
    func shown(_ alternative: TokenChoice.Alternative) -> (String, String) {
      ("\"\(vocabulary.display(alternative.token))\"", Readable.fixed(alternative.probability, digits: 4))
    }
    for choice in text.choices {
      let (symbol, probability) = shown(choice.drawn)
      let others = choice.likeliest.map(shown).map { "\($0.0) \($0.1)" }
      try OutputChannel.standardOutput.write("\(probability)\t\(symbol)\t\(others.joined(separator: "  "))\n")
    }
  }

  /// A token with its probability in JSON.
  static func members(of alternative: TokenChoice.Alternative, _ vocabulary: Vocabulary) -> Members {
    [
      ("token", .string(String(decoding: vocabulary[alternative.token], as: UTF8.self))),
      ("id", .integer(Int(alternative.token))), ("probability", .number(alternative.probability)),
    ]
  }

  static func writeJSON(_ texts: [SampledText], _ sampling: Sampling) throws {
    func shown(_ alternative: TokenChoice.Alternative) -> Members { members(of: alternative, sampling.vocabulary) }
    let temperature = sampling.options.temperature
    let report: JSONText = [
      "seed": temperature > 0 ? .integer(Int(sampling.seed)) : .null, "temperature": .number(temperature),
      "weights": .string(sampling.weights.rawValue),
      "texts": .array(
        texts.map { text in
          [
            "text": .string(text.text),
            "tokens": .array(
              text.choices.map { choice in
                let likeliest = JSONText.array(choice.likeliest.map { .object(shown($0)) })
                return .object(shown(choice.drawn) + (choice.likeliest.isEmpty ? [] : [("likeliest", likeliest)]))
              }),
          ]
        }),
    ]
    try OutputChannel.standardOutput.write(report.line + "\n")
  }
}
