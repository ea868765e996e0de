import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn import`: a character model of another package as a run directory.
enum ImportCommand {
  static let file = Argument<String>.one(
    "FILE", help: "weights: safetensors, .pt, .npz, .keras, .h5, MessagePack or ONNX")
  static let vocabulary = Option(
    "vocabulary", .path("FILE"), defaultNote: "the one in FILE",
    help:
      "the model's symbols in its order: a JSON list, text or object, or a symbol a line; the run has them sorted by bytes, its "
      + "weights with them")
  static let tokens = Option(
    "tokens", .choice(TokenKind.allCases.filter { !$0.isOfPieces }.map(\.rawValue)), defaultNote: "as the symbols are",
    help: "kind of token; byte without a vocabulary means the 256 bytes")
  static let convention = Option(
    "convention", .choice(of: WeightConvention.self), defaultNote: "as the names tell",
    help: "package whose names and gate order the tensors have")
  static let cell = Option(
    "cell", .choice(of: RecurrentWeights.Cell.self), defaultNote: "as the tensors tell",
    help: "kind of cell, where they do not tell")
  static let key = Option(
    "key", .text("NAME"), defaultNote: "the only one", help: "state dict in a PyTorch checkpoint that holds several")
  static let out = Option(
    "out", .path("DIR"), defaultNote: "runs/<file name>",
    help: "run directory to write; where the usual name is taken, it ends in -2, -3, …")
  static let overwrite = Flag("overwrite", help: "replace the model of an earlier import")

  static let command = Command(
    name: "import", summary: "make a run directory of another package's character model", arguments: [file],
    groups: [
      OptionGroup("Options", [vocabulary, tokens, convention, cell, key, out, overwrite, CommonOptions.json])
    ],
    example: "charrnn import model.pt --vocabulary chars.json", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let path = arguments[file]
    let directory = try directory(arguments)
    if (try? StoredModel(Checkpoint(contentsOf: path))) != nil {
      throw CommandFailure("\(path): is a model of charrnn; every command takes it as it is", code: .badData)
    }
    let weights = try PackageFile(contentsOf: path, key: arguments[key])
    let model = try CharacterModelImport(
      weights, convention: arguments[convention], cell: arguments[cell], vocabulary: vocabulary(weights, arguments))
    if !model.leftOut.isEmpty {
      let names = model.leftOut.map { String(decoding: $0, as: UTF8.self).quotedName }.joined(separator: ", ")
      notice("left out \(names), which no text has; probabilities are those of the other symbols alone")
    }
    if model.assumesTanh {
      notice("nothing in \(path) tells tanh from ReLU; taken for tanh: give --cell rnn-relu if it is not")
    }
    if weights.readsDocuments {
      notice("the model was trained on documents, each from the initial state; the imported one reads a text as one")
    }
    let stored = try StoredModel(model.checkpoint)
    try creating {
      try directory.create { try model.checkpoint.write(to: directory.best) }
    }
    try report(stored, model.convention, directory, arguments)
    return .done
  }

  private static func vocabulary(_ weights: PackageFile, _ arguments: ParsedArguments) throws -> ImportedVocabulary {
    let kind = arguments[tokens].flatMap(TokenKind.init)
    if let path = arguments[vocabulary] { return try ImportedVocabulary(contentsOf: path, kind: kind) }
    if let found = try ImportedVocabulary(in: weights, kind: kind) { return found }
    if kind == .byte { return .bytes }
    throw arguments.usageFailure(
      "\(arguments[file]) names no symbols; give them in the model's order with --vocabulary FILE, or --tokens byte for the 256 bytes"
    )
  }

  /// The directory to write: one that holds nothing of a run, or with `--overwrite` an imported model alone.
  private static func directory(_ arguments: ParsedArguments) throws -> RunDirectory {
    guard let path = arguments[out] else {
      if arguments[overwrite] {
        throw arguments.usageFailure("--overwrite replaces the model in a directory; name it with --out")
      }
      let name = modelName(of: arguments[file])
      return try RunChoice.free("runs/\(name)")
    }
    if path == TextInput.standardInput {
      throw arguments.usageFailure("--out \(path) cannot take a run directory; name one, or leave it out")
    }
    let directory = RunDirectory(path)
    let isRun = [directory.last, directory.configuration, directory.metrics].contains(where: directory.holds)
    if isRun { throw CommandFailure("\(path): holds a run; choose another --out", code: .cannotCreate) }
    if directory.holds(directory.best) && !arguments[overwrite] {
      throw CommandFailure("\(path): holds a model already; give --overwrite or another --out", code: .cannotCreate)
    }
    if directory.holds(directory.best) {
      try requireOutput(
        directory.best, for: out, besides: [arguments[file], arguments[vocabulary]].compactMap(\.self), arguments)
      guard let held = try? StoredModel(Checkpoint(contentsOf: directory.best)), held.history == nil else {
        throw CommandFailure("\(directory.best): is no imported model; choose another --out", code: .cannotCreate)
      }
    }
    return directory
  }

  /// The file's name without the endings that tell its format.
  private static func modelName(of path: String) -> String {
    var name = path.split(separator: "/").last.map(String.init) ?? "model"
    let endings = [
      ".safetensors", ".pt", ".pth", ".bin", ".npz", ".keras", ".h5", ".hdf5", ".msgpack", ".onnx", ".weights",
    ]
    while let ending = endings.first(where: { name.lowercased().hasSuffix($0) && name.count > $0.count }) {
      name.removeLast(ending.count)
    }
    return name
  }

  private static func report(
    _ model: StoredModel, _ convention: WeightConvention, _ directory: RunDirectory, _ arguments: ParsedArguments
  ) throws {
    let shape = model.shape
    notice(
      "imported \(shape.cell.rawValue) \(shape.layers)×\(shape.hidden) over \(counted(shape.vocabulary, "symbol")), read as "
        + "\(convention.rawValue) keeps it, into \(directory.path); charrnn sample \(shellWord(directory.path)) writes text from it"
    )
    guard arguments[CommonOptions.json] else { return }
    let report: JSONText = [
      "file": .string(directory.best), "convention": .string(convention.rawValue),
      "cell": .string(shape.cell.rawValue), "layers": .integer(shape.layers), "hidden": .integer(shape.hidden),
      "embedding": .integer(shape.embedding), "tokens": .string(model.vocabulary.kind.rawValue),
      "vocabulary": .integer(shape.vocabulary), "parameters": .integer(model.parameterCount),
    ]
    try OutputChannel.standardOutput.write(report.line + "\n")
  }
}

extension PackageFile {
  /// Whether this is an export of charrnn whose model was trained on items, or documents of another kind.
  fileprivate var readsDocuments: Bool {
    let history = metadata["history"].flatMap { try? JSONDecoder().decode(TrainingHistory.self, from: Data($0.utf8)) }
    return history.map { $0.arrangement.documents != .whole } ?? false
  }
}
