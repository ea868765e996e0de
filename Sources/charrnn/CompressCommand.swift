import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn compress`: a file as arithmetic code under a model's predictions.
enum CompressCommand {
  static let file = Argument<String>.one("FILE", help: "any file; - is standard input")
  static let out = Option(
    "out", .path("FILE"), defaultNote: "FILE\(CompressedName.ending)",
    help: "file to write; - is standard output, as for standard input")
  static let overwrite = Flag("overwrite", help: "replace the file that is there")

  static let command = Command(
    name: "compress", summary: "compress a file by a model's predictions", arguments: [CommonOptions.model, file],
    groups: [
      OptionGroup("Options", [out, overwrite, CommonOptions.threads, CommonOptions.json]),
      OptionGroup("Learning while reading", [EvaluateCommand.dynamic, EvaluateCommand.withNGrams]),
    ],
    example: "charrnn compress runs/fables fables.txt", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    InstructionSet.choose(.reproducible)
    let name = arguments[file]
    let output = try CompressionOutput(
      arguments, out: arguments[out], overwrites: arguments[overwrite],
      usual: name == TextInput.standardInput ? name : name + CompressedName.ending)
    let model = try ModelFile<Float>(contentsOf: CommonOptions.modelPath(arguments))
    let mode = CompressionMode(
      learns: arguments[EvaluateCommand.dynamic], mixesNGrams: arguments[EvaluateCommand.withNGrams])
    let content = try CompressionOutput.content(of: name)
    let progress = CompressionProgress()
    let compressed = try compressing(arguments, errorsOf: CommonOptions.modelPath(arguments), progress) {
      try compressor(of: model, mode, arguments).compress(content, mode: mode) { progress.show($0, of: content.count) }
    }
    try output.write(compressed)
    try output.report(content: content, compressed: compressed)
    return .done
  }
}

/// `charrnn decompress`: the file that `compress` was given.
enum DecompressCommand {
  static let file = Argument<String>.one("FILE\(CompressedName.ending)", help: "a compressed file; - is standard input")
  static let out = Option(
    "out", .path("FILE"), defaultNote: "without \(CompressedName.ending)",
    help: "file to write; - is standard output, as for standard input")

  static let command = Command(
    name: "decompress", summary: "restore a file that was compressed", arguments: [CommonOptions.model, file],
    groups: [OptionGroup("Options", [out, CompressCommand.overwrite, CommonOptions.threads, CommonOptions.json])],
    example: "charrnn decompress runs/fables fables.txt.crnn", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    InstructionSet.choose(.reproducible)
    let name = arguments[file]
    let output = try CompressionOutput(
      arguments, out: arguments[out], overwrites: arguments[CompressCommand.overwrite],
      usual: name == TextInput.standardInput ? name : CompressedName.original(of: name))
    let model = try ModelFile<Float>(contentsOf: CommonOptions.modelPath(arguments))
    let compressed = try CompressionOutput.content(of: name)
    let shown = name == TextInput.standardInput ? "standard input" : name
    let progress = CompressionProgress()
    let content = try compressing(arguments, errorsOf: shown, progress) {
      let mode = try TextCompressor.mode(of: compressed)
      return try compressor(of: model, mode, arguments).decompress(compressed, progress: progress.show)
    }
    try output.write(content)
    try output.report(content: content, compressed: compressed)
    return .done
  }
}

private func compressor(
  of model: ModelFile<Float>, _ mode: CompressionMode, _ arguments: ParsedArguments
) throws -> TextCompressor {
  TextCompressor(
    model, trainedOn: mode.needsTrainingText ? try TextInput.trainingText(of: model, arguments) : nil,
    threads: CommonOptions.threadCount(arguments))
}

/// Runs either direction, and clears its progress whatever comes.
///
/// - Parameter name: what a `CompressionError` is about.
private func compressing(
  _ arguments: ParsedArguments, errorsOf name: String, _ progress: CompressionProgress, _ body: () throws -> [UInt8]
) throws -> [UInt8] {
  defer { progress.finish() }
  do { return try body() } catch let error as CompressionError {
    throw CommandFailure("\(name): \(error)", code: .badData)
  } catch let error as AdaptationError {
    throw CommandFailure("\(CommonOptions.modelPath(arguments)): \(error)", code: .badData)
  }
}

/// Names of compressed files.
enum CompressedName {
  static let ending = ".crnn"

  /// The name of the file that was compressed; nil for a name without the ending.
  static func original(of name: String) -> String? {
    name.utf8.count > ending.utf8.count && name.hasSuffix(ending) && !name.hasSuffix("/" + ending)
      ? String(name.dropLast(ending.count)) : nil
  }
}
