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
    let checkpoint = try ModelFile<Float>.checkpoint(at: arguments[CommonOptions.model])
    let file = try ModelFile<Float>(checkpoint)
    let text = arguments[CommonOptions.json] ? json(file, checkpoint) + "\n" : table(file, checkpoint)
    try OutputChannel.standardOutput.write(text)
    return .done
  }

  private static func json(_ file: ModelFile<Float>, _ checkpoint: Checkpoint) -> String {
    let history = file.history
    let tensors = checkpoint.names.map { name -> JSONText in
      let tensor = checkpoint.tensors[name]!
      return [
        "name": .string(name), "shape": .array(tensor.shape.map { .integer($0) }),
        "dtype": .string(tensor.dtype.rawValue),
      ]
    }
    let members: Members =
      file.model.architecture.members + [
        ("tokens", .string(file.vocabulary.kind.rawValue)), ("vocabulary", .array(symbols(file.vocabulary))),
        ("parameters", .integer(file.model.parameterCount)), ("step", JSONText(history?.step)),
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

  private static func table(_ file: ModelFile<Float>, _ checkpoint: Checkpoint) -> String {
    let vocabulary = file.vocabulary
    let shown = (0..<min(vocabulary.count, 100)).map { vocabulary.display(Int32($0)) }.joined(separator: " ")
    var lines = [
      "file        \(SystemText.shown(checkpoint.file))",
      "model       \(file.model.architecture.summary)",
      "parameters  \(file.model.parameterCount)",
      "tokens      \(vocabulary.kind.rawValue), \(vocabulary.count) symbols: \(shown)"
        + (vocabulary.count > 100 ? " …" : ""),
    ]
    if let history = file.history {
      let loss = history.validationLoss.map {
        "validation loss \(Readable.fixed($0, digits: 4)) nats (\(Readable.fixed($0 / log(2), digits: 4)) bits) a token"
      }
      lines.append(
        "trained     \(history.step) steps, \(Readable.fixed(history.epoch, digits: 2)) epochs; "
          + (loss ?? "no validation loss"))
    }
    lines.append("tensors")
    for name in checkpoint.names {
      let tensor = checkpoint.tensors[name]!
      lines.append("  \(name)  \(tensor.dtype.rawValue) \(tensor.shape)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
