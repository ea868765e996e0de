import TensorCheckpoints
import TensorCore

/// A file that `torch.save` wrote (PyTorch 1.6 or newer): an archive of a pickle and the storages of tensors.
///
/// The pickle is read as data. Nothing in it is run, and a file that needs a class of its own is refused with the name
/// of that class: a whole model, rather than its state dict, is such a file.
public struct TorchCheckpoint: Sendable {
  /// Bytes of `data.pkl`.
  static let pickleLimit = 8 << 20

  /// The path by which the file was opened.
  public var path: String { archive.file.path }
  /// The object that was saved.
  public let root: PickledValue
  private let archive: ZIPArchive
  /// The folder in the archive that holds everything.
  private let folder: String
  private let isBigEndian: Bool

  /// Opens a checkpoint and reads its pickle. Tensors are read by `tensors(under:)`.
  ///
  /// - Throws: `TorchFileError` when it is of the format before 1.6, holds a program, or has a malformed pickle or one
  ///   that names a class other than those of plain data and tensors; `ZIPError` when it is no archive.
  public init(_ file: MappedFile) throws {
    func error(_ problem: TorchFileError.Problem) -> TorchFileError {
      TorchFileError(file: file.path, problem: problem)
    }
    if file[0..<min(Self.oldMagic.count, file.count)] == Self.oldMagic { throw error(.oldFormat) }
    archive = try ZIPArchive(file)
    let pickles = archive.members.filter { member in
      let parts = member.name.split(separator: "/", omittingEmptySubsequences: false)
      return parts.count == 2 && parts[1] == "data.pkl"
    }
    guard pickles.count == 1 else { throw error(.noPickle) }
    let (pickle, folder) = (pickles[0], String(pickles[0].name.dropLast("data.pkl".count)))
    let isProgram = archive.members.contains { member in
      member.name == folder + "constants.pkl" || member.name.hasPrefix(folder + "code/")
    }
    if isProgram { throw error(.torchScript) }
    guard pickle.size <= Self.pickleLimit else { throw error(.pickleTooLong(size: pickle.size)) }
    var order: [UInt8]?
    if let member = archive[folder + "byteorder"], member.size < 16 { order = try archive.bytes(of: member) }
    let bytes = try archive.bytes(of: pickle)
    do throws(TorchFileError.Problem) {
      isBigEndian = try Self.isBigEndian(order)
      root = try PickleReader.value(of: bytes)
    } catch { throw TorchFileError(file: file.path, problem: error) }
    self.folder = folder
  }

  /// Opens the checkpoint at `path`.
  ///
  /// - Throws: `FileError` when it cannot be read, and the errors of `init(_:)`.
  public init(contentsOf path: String) throws { try self.init(MappedFile(path)) }

  /// The number that a file of the format before PyTorch 1.6 begins with, as a pickle.
  private static let oldMagic: [UInt8] = [
    0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  /// Whether numbers are stored highest byte first. Files of PyTorch before 2.1 do not say, and are not.
  private static func isBigEndian(_ order: [UInt8]?) throws(TorchFileError.Problem) -> Bool {
    let name = String(decoding: order ?? Array("little".utf8), as: UTF8.self)
    guard ["little", "big"].contains(name) else { throw .unknownByteOrder(name) }
    return name == "big"
  }
}

extension TorchCheckpoint {
  /// The keys of the saved dictionary under which there is a state dict: a dictionary of tensors with texts as keys.
  ///
  /// None where the saved object is a state dict itself.
  public var stateDicts: [String] {
    guard case .dictionary(let entries) = root, !root.isStateDict else { return [] }
    return entries.compactMap { entry in
      guard case .string(let key) = entry.key, entry.value.isStateDict else { return nil }
      return key
    }
  }

  /// The tensors of a state dict: the saved object itself, or the one that is in it.
  ///
  /// Contiguous little-endian tensors keep the file mapped and are not copied; tied weights share their bytes. Others, such
  /// as transposed views, are brought into row-major order, with at most the file's size and `CheckpointLimits.copies` bytes.
  ///
  /// - Parameter key: the key of the state dict, of `stateDicts`; it must be given where there are several.
  /// - Throws: `TorchFileError` when there is no state dict or no single one, a name stands twice, or a tensor does not fit
  ///   its storage; `ZIPError` when a storage is damaged.
  public func tensors(under key: String? = nil) throws -> NamedTensors {
    func error(_ problem: TorchFileError.Problem) -> TorchFileError { TorchFileError(file: path, problem: problem) }
    let found = stateDicts
    var chosen = root
    if let key = key ?? found.first {
      guard let value = root[key], found.contains(key) else {
        throw error(.missingStateDict(key, found: found))
      }
      guard found.count(where: { $0 == key }) == 1 else { throw error(.duplicateName(key)) }
      chosen = value
    }
    if key == nil && found.count > 1 { throw error(.severalStateDicts(found)) }
    guard chosen.isStateDict, case .dictionary(let entries) = chosen else { throw error(.noStateDict) }
    var tensors = NamedTensors()
    var storages = TorchStorages(of: archive, in: folder, isBigEndian: isBigEndian)
    for entry in entries {
      guard case .string(let name) = entry.key, case .tensor(let tensor) = entry.value else { continue }
      guard tensors.takeRoom(for: name) else { throw error(.tooManyTensors) }
      guard tensors.append(try storages.tensor(tensor, named: name), named: name) else {
        throw error(.duplicateName(name))
      }
    }
    return tensors
  }
}

extension PickledValue {
  /// Whether this is a dictionary of tensors, with texts as keys.
  fileprivate var isStateDict: Bool {
    guard case .dictionary(let entries) = self, !entries.isEmpty else { return false }
    return entries.allSatisfy { entry in
      if case (.string, .tensor) = (entry.key, entry.value) { true } else { false }
    }
  }
}
