import ForeignFiles
import TensorCheckpoints
import TensorCore

/// Tensors of a file that another package wrote, by name.
public struct PackageFile: Sendable {
  /// Path by which the file was opened.
  public let path: String
  public private(set) var tensors: [String: StoredTensor]
  /// Texts that the file holds beside its tensors; a name of a tensor that stands under another is among them.
  public let metadata: [String: String]
  /// Values beside the tensors in a file of PyTorch; nil in others.
  let pickled: PickledValue?

  /// Tensors by name, as if they had been read from a file.
  ///
  /// - Parameter path: what errors call them.
  public init(path: String, tensors: [String: StoredTensor]) {
    (self.path, self.tensors, metadata, pickled) = (path, tensors, [:], nil)
  }

  /// Opens a file of any known format, which its first bytes tell: safetensors, PyTorch's `torch.save`, NumPy's `.npz`.
  ///
  /// Tensors stay in the mapped file where it holds them as they are.
  ///
  /// - Parameter key: key of the state dict in a checkpoint of PyTorch that holds several; nil for the only one.
  /// - Throws: `FileError` where it cannot be read, and the error of the format, in one line with the path, where it is damaged or
  ///   of no known format.
  public init(contentsOf path: String, key: String? = nil) throws {
    let file = try MappedFile(path)
    self.path = path
    switch FileFormat(of: file) {
    case .zip:
      let archive = try ZIPArchive(file)
      if archive.members.contains(where: { $0.name.hasSuffix("data.pkl") }) {
        let saved = try TorchCheckpoint(file)
        (tensors, metadata, pickled) = (try saved.tensors(under: key).tensors, [:], saved.root)
      } else if archive.members.contains(where: { $0.name.hasSuffix(".npy") }) {
        (tensors, metadata, pickled) = (try NamedTensors(npz: file).tensors, [:], nil)
      } else {
        throw PackageFileError(file: path, problem: .unknownArchive)
      }
    case .pickle:
      // Its own error says how to write the file anew.
      let saved = try TorchCheckpoint(file)
      (tensors, metadata, pickled) = (try saved.tensors(under: key).tensors, [:], saved.root)
    case .safetensors:
      let checkpoint = try Checkpoint(file)
      (tensors, metadata, pickled) = (checkpoint.tensors, checkpoint.metadata, nil)
    case nil: throw PackageFileError(file: path, problem: .unknownFormat)
    }
    // The Python package of safetensors stores a tensor of several names once.
    for (name, other) in metadata where tensors[name] == nil { tensors[name] = tensors[other] }
    if let key, pickled == nil { throw PackageFileError(file: path, problem: .noKeys(key)) }
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
    case model(CharacterModelImportError)
  }

  public init(file: String, problem: Problem) { (self.file, self.problem) = (file, problem) }

  public var description: String {
    let problem =
      switch problem {
      case .unknownFormat: "is of no known format; there are safetensors, PyTorch's .pt and NumPy's .npz"
      case .unknownArchive: "is an archive that holds neither a PyTorch model nor NumPy arrays"
      case .noKeys(let key): "has no state dict under \(key.quotedName): only a file of PyTorch has keys"
      case .exchange(let error): "\(error)"
      case .model(let error): "\(error)"
      }
    return "\(file): \(problem)"
  }
}

/// Format of a file by its first bytes.
private enum FileFormat {
  case zip, pickle, safetensors

  init?(of file: MappedFile) {
    let start = file[0..<min(file.count, 16)]
    // First, as the length that begins it may be any bytes.
    if start.count >= 9, start[8...].first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") {
      self = .safetensors
    } else if start.starts(with: Array("PK".utf8) + [3, 4]) || start.starts(with: Array("PK".utf8) + [5, 6]) {
      self = .zip
    } else if start.starts(with: [0x80, 2]) {
      self = .pickle
    } else {
      return nil
    }
  }
}
