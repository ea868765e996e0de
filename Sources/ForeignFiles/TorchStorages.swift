import TensorCheckpoints
import TensorCore

/// The storages of a PyTorch file, and the tensors that are views of them.
struct TorchStorages {
  private let archive: ZIPArchive
  private let folder: String
  private let isBigEndian: Bool
  private var budget: CopyBudget
  /// The bytes of storages that were read and checked.
  private var contents: [String: StoredBytes] = [:]

  init(of archive: ZIPArchive, in folder: String, isBigEndian: Bool) {
    (self.archive, self.folder, self.isBigEndian) = (archive, folder, isBigEndian)
    budget = CopyBudget(for: archive.file)
  }

  /// The elements of a tensor in row-major order, without a copy where they stand so in the file.
  ///
  /// - Throws: `TorchFileError` when the tensor does not fit its storage or takes too much memory; `ZIPError` when the
  ///   storage is damaged.
  mutating func tensor(_ tensor: PickledTensor, named name: String) throws -> StoredTensor {
    func error(_ problem: TorchFileError.Problem) -> TorchFileError {
      TorchFileError(file: archive.file.path, problem: problem)
    }
    guard let layout = StridedLayout(shape: tensor.shape, strides: tensor.strides, offset: tensor.offset),
      let bits = tensor.dtype.bitCount(ofShape: tensor.shape)
    else { throw error(.shapeTooLarge(tensor: name)) }
    guard layout.end <= tensor.storageCount else {
      throw error(.outsideStorage(tensor: name, end: layout.end, count: tensor.storageCount))
    }
    guard layout.count <= tensor.storageCount else {
      throw error(.repeatedElements(tensor: name, count: layout.count, stored: tensor.storageCount))
    }
    guard let member = archive["\(folder)data/\(tensor.storage)"] else {
      throw error(.missingStorage(tensor.storage, tensor: name))
    }
    guard let storageBits = tensor.dtype.bitCount(ofShape: [tensor.storageCount]), storageBits / 8 == member.size else {
      let needed = tensor.storageCount.multipliedReportingOverflow(by: tensor.dtype.bitCount / 8)
      throw error(
        .wrongStorageSize(tensor: name, needed: needed.overflow ? .max : needed.partialValue, given: member.size))
    }
    if layout.count == 0 { return StoredTensor(dtype: tensor.dtype, shape: tensor.shape, bytes: []) }

    func take(_ count: Int) throws { if !budget.take(count) { throw error(.tooMuchMemory(tensor: name)) } }
    if contents[tensor.storage] == nil {
      if member.isDeflated { try take(member.size) }
      contents[tensor.storage] = try archive.contents(of: member)
    }
    var bytes = contents[tensor.storage] ?? .array([])
    let (size, width) = (bits / 8, tensor.dtype.bitCount / 8)
    if !layout.isContiguous {
      try take(size)
      bytes = .array(bytes.gathered(layout, width: width))
    } else if size < bytes.count {
      if member.isDeflated { try take(size) }
      bytes = bytes[layout.offset * width..<layout.offset * width + size]
    }
    if isBigEndian && width > 1 {
      try take(size)
      // A complex number is two of half its width.
      bytes = .array(bytes.byteSwapped(width: tensor.dtype == .c64 ? width / 2 : width))
    }
    return StoredTensor(dtype: tensor.dtype, shape: tensor.shape, contents: bytes)
  }
}
