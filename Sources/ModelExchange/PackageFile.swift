import ForeignFiles
import LanguageModels
import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// Tensors of a file that another package wrote, by name.
public struct PackageFile: Sendable {
  /// Path by which the file was opened.
  public let path: String
  public private(set) var tensors: [String: StoredTensor]
  /// Texts that the file holds beside its tensors; a name of a tensor that stands under another is among them.
  public private(set) var metadata: [String: String] = [:]
  /// Values beside the tensors in a file of PyTorch; nil in others.
  private(set) var pickled: PickledValue?
  /// Cell that the file names beside its tensors; nil where it names none.
  public private(set) var cell: RecurrentWeights.Cell?
  /// Function of the gates of the recurrent layers that the file describes; the sigmoid where it describes none.
  public private(set) var gateActivation = GateActivation.sigmoid
  /// Names of tensors in the order of their layers, the lowest first, as Keras's HDF5 files of Keras 2 and of `model.save("….h5")` list
  /// them; empty in others.
  public private(set) var order: [String] = []

  /// Why the layers that the file describes are no character model; nil where they may be one, or it describes none.
  private(set) var characterModelProblem: CharacterModelImportError?

  /// Tensors by name, as if they had been read from a file.
  ///
  /// - Parameter path: what errors call them.
  public init(path: String, tensors: [String: StoredTensor]) {
    (self.path, self.tensors) = (path, tensors)
  }

  /// Opens a file of any known format, which its first bytes tell: safetensors, PyTorch's `torch.save`, NumPy's `.npz`, Keras's
  /// `.keras` and HDF5, flax's MessagePack, ONNX.
  ///
  /// Tensors stay in the mapped file where it holds them as they are. Those of an optimizer that Keras saves beside them are left
  /// out.
  ///
  /// - Parameter key: key of the state dict in a checkpoint of PyTorch or flax that holds several; nil for the only one.
  /// - Throws: `FileError` where it cannot be read, and the error of the format, in one line with the path, where it is damaged or
  ///   of no known format.
  public init(contentsOf path: String, key: String? = nil) throws {
    let file = try MappedFile(path)
    self.init(path: path, tensors: [:])
    let format = FileFormat(of: file)
    switch format {
    case .zip: try read(ZIPArchive(file), file, key: key)
    // Its own error says how to write the file anew.
    case .pickle: try read(TorchCheckpoint(file), key: key)
    case .safetensors:
      let checkpoint = try Checkpoint(file)
      (tensors, metadata) = (checkpoint.tensors, checkpoint.metadata)
      // The Python package stores a tensor of several names once, and says in the metadata under which.
      for (name, other) in metadata where tensors[name] == nil { tensors[name] = checkpoint.tensors[other] }
    case .hdf5:
      let saved = try HDF5File(file)
      try read(saved)
      order = try saved.orderOfLayers(atMost: tensors.count)
      try read(configuration: saved.text("model_config"), version: saved.text("keras_version"))
    case .messagePack:
      let saved = try MessagePackFile(file)
      // Beside the parameters there may be an optimizer's state, which has arrays of the same names.
      tensors = try saved.tensors(under: key ?? (saved.root["params"] == nil ? nil : "params")).tensors
    case .onnx: try read(ONNXModel(file))
    case nil: throw PackageFileError(file: path, problem: .unknownFormat)
    }
    // Pages that were read to check the file are read again when they are needed.
    file.releasePages(in: 0..<file.count)
    if let key, pickled == nil && format != .messagePack { throw PackageFileError(file: path, problem: .noKeys(key)) }
    if format == .hdf5 && characterModelProblem == nil { characterModelProblem = undescribedProblem }
    if cell == nil { cell = exportedShape.flatMap { RecurrentWeights.Cell($0.cell) } }
  }

  /// Why a file of Keras's weights without a description is no character model that is known; nil where it may be one.
  private var undescribedProblem: CharacterModelImportError? {
    let layer = "reversible_embedding"
    return exportedShape == nil && tensors.keys.contains { $0.hasPrefix("layers/\(layer)") }
      ? .undescribedLayer(layer) : nil
  }

  /// Tensors of a model of ONNX.
  package init(_ model: ONNXModel, path: String) throws {
    self.init(path: path, tensors: [:])
    try read(model)
  }

  private mutating func read(_ model: ONNXModel) throws {
    do {
      let layers = try ONNXLayers(model)
      (tensors, metadata) = (layers.tensors, model.metadata)
      (cell, gateActivation) = (layers.cell, layers.gateActivation)
    } catch let error as ExchangeError {
      throw PackageFileError(file: path, problem: .exchange(error))
    } catch let problem as ONNXError.Problem { throw ONNXError(file: path, problem: problem) }
  }

  private mutating func read(_ archive: ZIPArchive, _ file: MappedFile, key: String?) throws {
    if archive.members.contains(where: { $0.name.hasSuffix("data.pkl") }) {
      try read(TorchCheckpoint(file), key: key)
    } else if archive.members.contains(where: { $0.name.hasSuffix(".npy") }) {
      tensors = try NamedTensors(npz: file).tensors
    } else if let weights = archive["model.weights.h5"], let configuration = archive["config.json"] {
      func text(_ member: ZIPArchive.Member) throws -> String {
        guard member.size <= KerasConfiguration.sizeLimit else {
          throw PackageFileError(file: path, problem: .exchange(.configurationTooLong))
        }
        return String(decoding: try archive.bytes(of: member), as: UTF8.self)
      }
      try read(HDF5File(weights, of: archive))
      let version = try archive["metadata.json"].flatMap { KerasConfiguration.version(inMetadata: try text($0)) }
      try read(configuration: text(configuration), version: version)
    } else {
      throw PackageFileError(file: path, problem: .unknownArchive)
    }
  }

  private mutating func read(_ saved: TorchCheckpoint, key: String?) throws {
    (tensors, pickled) = (try saved.tensors(under: key).tensors, saved.root)
  }

  private mutating func read(_ file: HDF5File) throws {
    let named = try file.tensors()
    tensors = named.tensors.filter { name, _ in !["optimizer/", "optimizer_weights/"].contains(where: name.hasPrefix) }
    for name in MetadataKey.model + ["history"] {
      if let text = try file.text(name) { metadata[name] = text }
    }
  }

  /// - Parameters:
  ///   - configuration: JSON that describes a model of Keras; nil where the file holds none.
  ///   - version: version of Keras that wrote the file; nil where it names none.
  private mutating func read(configuration: String?, version: String?) throws(PackageFileError) {
    guard let configuration else { return }
    do throws(ExchangeError) {
      let layers = try KerasConfiguration(json: configuration, version: version)
      (cell, gateActivation) = (layers.cell, layers.gateActivation)
      characterModelProblem = layers.characterModelProblem
      if !order.isEmpty, let layer = layers.partlyFrozenLayer { throw .frozenLayers(layer) }
      rename(layers.backwardLayers)
    } catch { throw PackageFileError(file: path, problem: .exchange(error)) }
  }

  /// Gives backward layers, by their paths, the names that a `Bidirectional` gives those without one, where the file lists names.
  private mutating func rename(_ layers: [String: String]) {
    for (number, name) in order.enumerated() where !layers.isEmpty {
      var parts = name.split(separator: "/").map(String.init)
      for place in parts.indices.dropFirst() {
        if let other = layers["\(parts[place - 1])/\(parts[place])"] { parts[place] = other }
      }
      let renamed = parts.joined(separator: "/")
      guard tensors[renamed] == nil, let tensor = tensors.removeValue(forKey: name) else { continue }
      tensors[renamed] = tensor
      order[number] = renamed
    }
  }
}

extension HDF5File {
  /// Names of tensors in the order in which the attributes of layers list them; empty where there are no such lists.
  fileprivate func orderOfLayers(atMost count: Int) throws -> [String] {
    let group = self["model_weights"] ?? root
    guard case .texts(let layers)? = try group.attribute("layer_names") else { return [] }
    var names: [String] = []
    try group.forEachAttribute("weight_names", of: layers) { layer, weights in
      // A layer without weights has numbers, none.
      guard case .texts(let weights)? = weights, weights.count <= count - names.count else { return }
      names += weights.map { "\(group.path == "/" ? "" : group.path + "/")\(layer)/\($0)" }
    }
    return names
  }

  /// A text among the attributes of the file; nil where there is none.
  fileprivate func text(_ name: String) throws -> String? {
    if case .text(let text)? = try attribute(name) { text } else { nil }
  }
}

/// A file that is of no format that weights are read from.
public struct PackageFileError: Error, Equatable, CustomStringConvertible {
  public let file: String
  public let problem: Problem

  public enum Problem: Sendable, Equatable {
    case unknownFormat
    case unknownArchive
    /// A key of a state dict, in a file that has no keys.
    case noKeys(String)
    /// Weights that are none of a model here.
    case exchange(ExchangeError)
    /// Recurrent layers that are no character model.
    case model(CharacterModelImportError)
  }

  public init(file: String, problem: Problem) { (self.file, self.problem) = (file, problem) }

  public var description: String {
    let problem =
      switch problem {
      case .unknownFormat:
        "is of no known format; there are safetensors, PyTorch's .pt, NumPy's .npz, Keras's .keras and .h5, flax's MessagePack, ONNX"
      case .unknownArchive: "is an archive that holds no model of PyTorch or Keras, and no NumPy arrays"
      case .noKeys(let key): "has no state dict under \(key.quotedName): only files of PyTorch and flax have keys"
      case .exchange(let error): "\(error)"
      case .model(let error): "\(error)"
      }
    return "\(file): \(problem)"
  }
}

/// Format of a file by its first bytes.
private enum FileFormat {
  case zip, pickle, safetensors, hdf5, messagePack, onnx

  init?(of file: MappedFile) {
    let start = file[0..<min(file.count, 16)]
    // First, as the length that begins it may be any bytes.
    if start.count >= 9, start[8...].first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") {
      self = .safetensors
    } else if start.starts(with: Array("PK".utf8) + [3, 4]) || start.starts(with: Array("PK".utf8) + [5, 6]) {
      self = .zip
    } else if start.starts(with: [0x80, 2]) {
      self = .pickle
    } else if start.starts(with: [0x89] + Array("HDF\r\n".utf8) + [0x1A, 0x0A]) {
      self = .hdf5
    } else if let first = start.first, 0x81...0x8F ~= first || [0xDE, 0xDF].contains(first) {
      // A map that is not empty.
      self = .messagePack
    } else if start.count > 2, start[0] == 8, 3...32 ~= start[1] {
      // The first field of a model, the version of the format.
      self = .onnx
    } else {
      return nil
    }
  }
}
