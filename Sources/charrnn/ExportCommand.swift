import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn export`: a model in a file for other programs.
enum ExportCommand {
  /// Kinds of file.
  enum Kind: String, CaseIterable, Sendable {
    case html, onnx

    /// End of the usual file name.
    var ending: String { ".\(rawValue)" }

    /// Content of the file.
    ///
    /// - Parameter name: name of the model for a reader.
    /// - Throws: an error that says why there is no such file of this model.
    func content(of file: ModelFile<Float>, named name: String) throws -> [UInt8] {
      switch self {
      case .html: Array(try ModelPage(file, title: name).page.html.utf8)
      case .onnx: try ONNXModel(file).serialized()
      }
    }
  }

  static let kind = Option(
    "to", .choice(of: Kind.self),
    help: "kind of file; html: a page in which the model runs; onnx: a graph for onnxruntime")
  static let out = Option(
    "out", .path("FILE"), defaultNote: "the model's name, here", help: "file to write; - is standard output")

  static let command = Command(
    name: "export", summary: "write a model for other programs", arguments: [CommonOptions.model],
    groups: [OptionGroup("Options", [kind, out, CompressCommand.overwrite])],
    example: "charrnn export runs/fables --to html", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let model = CommonOptions.modelPath(arguments)
    guard let kind = arguments[kind] else {
      throw arguments.usageFailure("--to says what to write: \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let name = name(of: model)
    let path = arguments[out] ?? name + kind.ending
    if path != TextInput.standardInput {
      if try !arguments[CompressCommand.overwrite] && SystemFiles().statusIfAny(of: path) != nil {
        throw CommandFailure("\(path): is there already; give --overwrite or another --out", code: .cannotCreate)
      }
      try requireOutput(path, for: out, besides: [model], arguments)
    }
    let file = try ModelFile<Float>(contentsOf: model)
    let content: [UInt8]
    do { content = try kind.content(of: file, named: name) } catch {
      throw CommandFailure("\(model): \(error)", code: .badData)
    }
    if path == TextInput.standardInput {
      try OutputChannel.standardOutput.write(content)
    } else {
      try creating { try AtomicFile.write([content], to: path) }
      notice("wrote \(path)")
    }
    return .done
  }

  /// Name of a run, or of a checkpoint without its ending.
  private static func name(of model: String) -> String {
    let url = URL(fileURLWithPath: model).standardizedFileURL
    return url.pathExtension == "safetensors" ? url.deletingPathExtension().lastPathComponent : url.lastPathComponent
  }
}
