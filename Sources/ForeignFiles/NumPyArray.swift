import TensorCheckpoints
import TensorCore

extension StoredTensor {
  /// Reads a NumPy array, a `.npy` file of version 1, 2 or 3.
  ///
  /// Little-endian arrays in row-major order keep the file mapped and are not copied; others are brought into that form.
  ///
  /// - Throws: `NumPyError` when the file is malformed, or holds objects, records, texts, times or complex numbers.
  public init(npy file: MappedFile) throws(NumPyError) {
    var budget = CopyBudget(for: file)
    do throws(NumPyError.Problem) {
      try self.init(npy: .mapped(file, 0..<file.count), within: &budget)
    } catch { throw NumPyError(file: file.path, array: nil, problem: error) }
  }

  /// Reads the array in a file or in a member of an archive.
  init(npy contents: StoredBytes, within budget: inout CopyBudget) throws(NumPyError.Problem) {
    let header = try NumPyHeader(of: contents)
    guard let bits = header.dtype.bitCount(ofShape: header.shape),
      let columnMajor = StridedLayout.columnMajor(header.shape)
    else { throw .shapeTooLarge }
    let (size, width) = (bits / 8, header.dtype.bitCount / 8)
    var data = contents[header.end..<contents.count]
    guard data.count == size else { throw .wrongSize(needed: size, given: data.count) }
    if header.isColumnMajor && !columnMajor.isContiguous {
      guard budget.take(size) else { throw .tooMuchMemory }
      data = .array(data.gathered(columnMajor, width: width))
    }
    if header.isBigEndian && width > 1 {
      guard budget.take(size) else { throw .tooMuchMemory }
      data = .array(data.byteSwapped(width: width))
    }
    self.init(dtype: header.dtype, shape: header.shape, contents: data)
  }
}

extension NamedTensors {
  /// Reads the arrays of a `.npz` archive, as `numpy.savez` and `numpy.savez_compressed` write it, in its order.
  ///
  /// Arrays that are not compressed keep the file mapped, as `StoredTensor.init(npy:)` does. Copies take at most the
  /// file's size and `CheckpointLimits.copies`.
  ///
  /// - Throws: `ZIPError` when the archive is malformed; `NumPyError` when one of its members is no array that can be read.
  public init(npz file: MappedFile) throws {
    self.init()
    let archive = try ZIPArchive(file)
    var budget = CopyBudget(for: file)
    for member in archive.members {
      let isNamedSo = member.name.hasSuffix(".npy")
      let name = String(member.name.dropLast(isNamedSo ? 4 : 0))
      func error(_ problem: NumPyError.Problem) -> NumPyError {
        NumPyError(file: file.path, array: name, problem: problem)
      }
      guard isNamedSo else { throw error(.notAnArray) }
      guard takeRoom(for: name) else { throw error(.tooManyArrays) }
      guard !member.isDeflated || budget.take(member.size) else { throw error(.tooMuchMemory) }
      let contents = try archive.contents(of: member)
      do throws(NumPyError.Problem) {
        _ = append(try StoredTensor(npy: contents, within: &budget), named: name)
      } catch { throw NumPyError(file: file.path, array: name, problem: error) }
    }
  }
}
