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
        ("tokens", .string(model.vocabulary.kind.rawValue)), ("vocabulary", .array(symbols(model.vocabulary))),
        ("parameters", .integer(model.parameterCount)), ("step", JSONText(history?.step)),
        ("epoch", JSONText(history?.epoch)), ("validation_loss", JSONText(history?.validationLoss)),
        ("tensors", .array(tensors)),
      ]
    return JSONText.object(members).line
  }

  /// Byte symbols as numbers, others as text.
  private static func symbols(_ vocabulary: Vocabulary) -> [JSONText] {
    vocabulary.symbols.map { symbol in
      vocabulary.kind == .byte ? .integer(Int(symbol[0])) : .string(String(decoding: symbol, as: UTF8.self))
    }
  }

  private static func table(_ model: StoredModel) -> String {
    let vocabulary = model.vocabulary
    let shown = (0..<min(vocabulary.count, 100)).map { vocabulary.display(Int32($0)) }.joined(separator: " ")
    var lines = [
      "file        \(model.checkpoint.file.printable())",
      "model       \(model.shape.architecture.summary)",
      "parameters  \(model.parameterCount)",
      "tokens      \(vocabulary.kind.rawValue), \(counted(vocabulary.count, "symbol")): \(shown)"
        + (vocabulary.count > 100 ? " …" : ""),
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
