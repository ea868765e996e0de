import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn inspect`: shows the model, the vocabulary, the history and the tensors of a checkpoint.
enum InspectCommand {
  static let command = Command(
    name: "inspect", summary: "show what a checkpoint holds", arguments: [CommonOptions.model],
    groups: [OptionGroup("Options", [CommonOptions.json])], example: "charrnn inspect runs/fables", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let model = try StoredModel(contentsOf: CommonOptions.modelPath(arguments))
    let text = arguments[CommonOptions.json] ? json(model) + "\n" : table(model)
    try OutputChannel.standardOutput.write(text)
    return .done
  }

  private static func json(_ model: StoredModel) -> String {
    let history = model.history
    let tensors = model.checkpoint.names.map { name -> JSONText in
      let tensor = model.checkpoint.tensors[name]!
      return [
        "name": .string(name), "shape": .array(tensor.shape.map { .integer($0) }),
        "dtype": .string(tensor.dtype.rawValue),
      ]
    }
    let members: Members =
      model.shape.architecture.members + [
        ("tokens", .string(model.vocabulary.kind.rawValue)),
        (
          "vocabulary", .array(model.vocabulary.symbols.map(model.vocabulary.jsonSymbol))
        ),
        ("parameters", .integer(model.parameterCount)), ("step", JSONText(history?.step)),
        ("epoch", JSONText(history?.epoch)), ("validation_loss", JSONText(history?.validationLoss)),
        ("tensors", .array(tensors)),
      ]
    return JSONText.object(members).line
  }

  /// The first symbols for a reader; of words and subwords those that are no bytes, between quotation marks.
  private static func shownSymbols(_ vocabulary: Vocabulary) -> [String] {
    let ids = (0..<Int32(vocabulary.count))
    guard vocabulary.kind.isOfPieces else { return ids.prefix(shown).map(vocabulary.display) }
    return ids.lazy.filter { vocabulary[$0].count > 1 }.prefix(shown).map { "\"\(vocabulary.display($0))\"" }
  }

  private static let shown = 100

  private static func table(_ model: StoredModel) -> String {
    let vocabulary = model.vocabulary
    let symbols = shownSymbols(vocabulary).joined(separator: " ")
    var lines = [
      "file        \(model.checkpoint.file.printable())",
      "model       \(model.shape.architecture.summary)",
      "parameters  \(model.parameterCount)",
      "tokens      \(vocabulary.kind.rawValue), \(counted(vocabulary.count, "symbol")): \(symbols)"
        + (vocabulary.count > shown ? " …" : ""),
    ]
    if let history = model.history {
      let loss = history.validationLoss.map {
        "validation loss \(Readable.fixed($0, digits: 4)) nats (\(Readable.fixed($0 / log(2), digits: 4)) bits) a token"
      }
      lines.append(
        "trained     \(counted(history.step, "step")), \(Readable.fixed(history.epoch, digits: 2)) epochs; "
          + (loss ?? "no validation loss"))
    }
    lines.append("tensors")
    for name in model.checkpoint.names {
      let tensor = model.checkpoint.tensors[name]!
      lines.append("  \(name.printable())  \(tensor.dtype.rawValue) \(tensor.shape)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
