import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn export`: a model for other programs, in a file or a folder.
enum ExportCommand {
  /// Kinds of file and folder.
  enum Kind: String, CaseIterable, Sendable {
    case html, onnx, pytorch, flax, mlx, keras

    /// End of the usual name.
    var ending: String { package == nil ? ".\(rawValue)" : "-\(rawValue)" }

    /// Package that a folder is for; nil for a file.
    var package: PackageExport.Package? {
      switch self {
      case .html, .onnx: nil
      case .pytorch: .pytorch
      case .flax: .flax
      case .mlx: .mlx
      case .keras: .keras
      }
    }

    /// Notice of what stands at a path now, and the next step.
    func notice(of path: String) -> String {
      switch self {
      case .html: "wrote \(path); open it in a browser"
      case .onnx: "wrote \(path); OtherPackages.md of the documentation describes its inputs and outputs"
      case .pytorch, .flax, .mlx, .keras:
        "wrote \(path); python \(shellWord("\(path)/model.py")) sample --length 200 writes text with it"
      }
    }

    /// Files to write: their paths and contents.
    ///
    /// - Parameters:
    ///   - path: path of the file or the folder.
    ///   - name: name of the model for a reader.
    ///   - weights: how a graph holds the weights.
    /// - Throws: an error that says why there is nothing such of this model.
    func files(
      of file: ModelFile<Float>, named name: String, at path: String, weights: ONNXWeightFormat
    ) throws -> [(path: String, bytes: [UInt8])] {
      if let package {
        return try PackageExport(file, for: package).files.map { ("\(path)/\($0.name)", $0.bytes) }
      }
      return self == .onnx
        ? [(path, try ONNXModel(file, weights: weights).serialized(for: path))]
        : [(path, Array(try ModelPage(file, title: name).page.html.utf8))]
    }
  }

  static let kind = Option(
    "to", .choice(of: Kind.self),
    help:
      "html: a page in which the model runs; onnx: a graph for onnxruntime; others: a folder with weights and a program for "
      + "that Python package")
  static let out = Option(
    "out", .path("PATH"), defaultNote: "the model's name, here",
    help: "file or folder to write; - is standard output, for a file")

  static let weights = Option(
    "weights", .choice(of: ONNXWeightFormat.self), default: .float32,
    help: "how an ONNX graph holds the weights; int8: a quarter of the bytes, products as of sample --weights int8")

  static let command = Command(
    name: "export", summary: "write a model for other programs", arguments: [CommonOptions.model],
    groups: [OptionGroup("Options", [kind, out, weights, overwrite])],
    example: "charrnn export runs/fables --to html", run: run)
  static let overwrite = Flag("overwrite", help: "replace the files that are there; others in a folder stay")

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let model = CommonOptions.modelPath(arguments)
    guard let kind = arguments[kind] else {
      throw arguments.usageFailure("--to says what to write: \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    if kind != .onnx && arguments[weights] != .float32 {
      throw arguments.usageFailure("--weights \(arguments[weights].rawValue) is for --to onnx; leave it out")
    }
    let name = name(of: model)
    let path = arguments[out] ?? name + kind.ending
    let isStreamed = path == TextInput.standardInput
    if isStreamed && kind.package != nil {
      throw arguments.usageFailure("--to \(kind.rawValue) writes a folder, which standard output cannot take; name one")
    }
    if !isStreamed {
      if try !arguments[overwrite] && SystemFiles().statusIfAny(of: path) != nil {
        throw CommandFailure("\(path): is there already; give --overwrite or another --out", code: .cannotCreate)
      }
      try requireOutput(path, for: out, besides: [model], arguments)
    }
    let file = try ModelFile<Float>(contentsOf: model)
    let files: [(path: String, bytes: [UInt8])]
    do { files = try kind.files(of: file, named: name, at: path, weights: arguments[weights]) } catch {
      throw CommandFailure("\(model): \(error)", code: .badData)
    }
    if isStreamed {
      try OutputChannel.standardOutput.write(files[0].bytes)
      return .done
    }
    for file in files { try requireOutput(file.path, for: out, besides: [model], arguments) }
    try creating {
      if kind.package == nil {
        try AtomicFile.write(files)
      } else {
        try RunDirectory(path).create { try AtomicFile.write(files) }
      }
    }
    notice(kind.notice(of: path))
    return .done
  }

  /// Name of a run, or of a checkpoint without its ending.
  private static func name(of model: String) -> String {
    let url = URL(fileURLWithPath: model).standardizedFileURL
    return url.pathExtension == "safetensors" ? url.deletingPathExtension().lastPathComponent : url.lastPathComponent
  }
}
