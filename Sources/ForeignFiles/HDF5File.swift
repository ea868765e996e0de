import TensorCheckpoints
import TensorCore

/// An HDF5 file, as Keras, h5py and PyTables write it: groups within groups, datasets in them, and attributes of both.
///
/// Opening it reads and checks the headers of all objects; attributes and data are read when they are asked for. Links to
/// other files, and what only newer versions of the library write (`libver='latest'`) and is rare, are refused by name.
public struct HDF5File: Sendable {
  /// The path by which the file was opened.
  public var path: String { root.file }
  /// The group that holds everything.
  public let root: HDF5Object

  /// Opens a file.
  ///
  /// - Throws: `HDF5Error` when it is no HDF5 file, is cut short or malformed, or needs another file.
  public init(_ file: MappedFile) throws(HDF5Error) {
    try self.init(HDF5Source(file: file, range: 0..<file.count, copies: CopyBudget(for: file)))
  }

  /// Opens the file at `path`.
  ///
  /// - Throws: `FileError` when it cannot be read, and the errors of `init(_:)`.
  public init(contentsOf path: String) throws { try self.init(MappedFile(path)) }

  /// Opens a file in an archive: `model.weights.h5` of a `.keras` file. Of a stored member nothing is copied; a deflated one
  /// is a copy, which takes of the memory for those of `tensors()`.
  ///
  /// - Throws: `ZIPError` when the member is damaged or takes too much memory, and the errors of `init(_:)`.
  public init(_ member: ZIPArchive.Member, of archive: ZIPArchive) throws {
    var copies = CopyBudget(for: archive.file)
    guard !member.isDeflated || copies.take(member.size) else {
      throw ZIPError(file: archive.file.path, problem: .tooMuchMemory(member: member.name))
    }
    let contents = try archive.contents(of: member)
    if case .mapped(let file, let range) = contents {
      try self.init(HDF5Source(file: file, range: range, copies: copies))
    } else {
      let file = MappedFile(copying: contents.array, as: archive.file.path)
      try self.init(HDF5Source(file: file, range: 0..<file.count, copies: copies))
    }
  }

  private init(_ whole: HDF5Source) throws(HDF5Error) {
    do throws(HDF5Error.Problem) {
      let (source, root) = try Self.superblock(of: whole)
      self.root = HDF5Object(try HDF5Tree(source, root: root))
    } catch { throw HDF5Error(file: whole.file.path, object: nil, problem: error) }
  }

  /// The group or dataset at a path such as `layers/lstm`; nil where there is none. Links in the file are followed.
  public subscript(path: String) -> HDF5Object? { root[path] }

  /// The attribute of the group or dataset at a path; nil where it has none of this name.
  ///
  /// - Throws: `HDF5Error` when there is no such object, or the attribute is malformed or of a type that is not read.
  public func attribute(_ name: String, of path: String = "/") throws(HDF5Error) -> HDF5Value? {
    guard let object = root[path] else { throw HDF5Error(file: self.path, object: path, problem: .missing) }
    return try object.attribute(name)
  }

  /// All datasets by their paths, such as `layers/lstm/cell/vars/0`, as `HDF5Object.tensors()` reads those of a group.
  ///
  /// - Throws: `HDF5Error` when a dataset cannot be read or holds no numbers.
  public func tensors() throws(HDF5Error) -> NamedTensors { try root.tensors() }

  // MARK: The start of a file

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The file from its address 0 on, and the address of the header of the root.
  ///
  /// It may begin after 512, 1024, 2048, … bytes of something else.
  private static func superblock(of whole: HDF5Source) throws(HDF5Error.Problem) -> (HDF5Source, root: Int) {
    var start = 0
    while whole.contents(at: start, count: 8)?.array != signature {
      start = max(512, 2 * start)
      guard start < whole.range.count else { throw .notHDF5 }
    }
    let source = HDF5Source(
      file: whole.file, range: whole.range.lowerBound + start..<whole.range.upperBound, copies: whole.copies)
    var scan = HDF5Scan(source)
    let what = "the start of the file"
    var head = try scan.fields(at: 0, count: min(16, source.range.count), what)
    try head.skip(8)
    let version = try head.number(1)
    let isNew = version >= 2
    guard version <= 3 else { throw head.unknown(version: version) }
    if !isNew { try head.skip(4) }
    guard try head.number(1) == 8, try head.number(1) == 8 else {
      throw .notRead("addresses or sizes of other than 8 bytes")
    }
    // Versions 0 and 1 have sizes of groups here, version 1 that of chunks' groups, too.
    let body = isNew ? 12 : version == 0 ? 24 : 28
    var fields =
      isNew
      ? try scan.checkedFields(at: 0, count: 48, signature: nil, what)
      : try scan.fields(at: 0, count: body + 72, what)
    try fields.skip(body - fields.place)
    let base = try fields.number(8)
    try fields.skip(8)
    let end = try fields.number(8)
    guard base == start else { throw fields.malformed() }
    guard end <= whole.range.count else { throw .cutShort(end: end, size: whole.range.count) }
    if !isNew { try fields.skip(16) }
    return (source, try fields.requiredAddress())
  }
}
