import TensorCore

/// A ZIP archive whose members are stored or deflated, as NumPy's `.npz`, PyTorch's `.pt` and Keras's `.keras` files are.
///
/// Opening it reads and checks the directory and the headers of all members. Data are checked, by their CRC-32, when a
/// member is read. A stored member stays in the file and is not copied.
public struct ZIPArchive: Sendable {
  /// A file in an archive.
  public struct Member: Sendable, Equatable {
    /// The path in the archive, with `/` between folders.
    public let name: String
    /// The size in bytes, when it is not compressed.
    public let size: Int
    /// Whether its data are compressed, so that reading it takes memory.
    public let isDeflated: Bool
    /// Where its data lie in the file.
    let range: Range<Int>
    let checksum: UInt32
  }

  public let file: MappedFile
  /// The members in the order of the directory.
  public let members: [Member]
  private let places: [String: Int]

  /// Opens an archive.
  ///
  /// - Throws: `ZIPError` when the directory is malformed, or a member is encrypted, compressed by another method than
  ///   DEFLATE, out of the bounds of the file, within another one, or named as another one.
  public init(_ file: MappedFile) throws(ZIPError) {
    self.file = file
    do throws(ZIPError.Problem) {
      let directory = try ZIPDirectory(of: file)
      var (members, places) = ([Member](), [String: Int]())
      for entry in directory.entries {
        guard places.updateValue(members.count, forKey: entry.name) == nil else { throw .duplicateName(entry.name) }
        members.append(try Member(entry, in: file, before: directory.start))
      }
      (self.members, self.places) = (members, places)
      try requireSeparate(directory.entries)
    } catch { throw ZIPError(file: file.path, problem: error) }
  }

  /// Opens the archive at `path`.
  ///
  /// - Throws: `FileError` when it cannot be read, `ZIPError` when it is not one.
  public init(contentsOf path: String) throws { try self.init(MappedFile(path)) }

  /// The member of this name; nil where there is none.
  public subscript(name: String) -> Member? { places[name].map { members[$0] } }

  /// The data of a member of this archive, decompressed.
  ///
  /// - Throws: `ZIPError` when they are damaged.
  public func bytes(of member: Member) throws(ZIPError) -> [UInt8] { try contents(of: member).array }

  /// The data of a member; of a stored one, without a copy. Memory of the file's pages that were read for them is given back.
  package func contents(of member: Member) throws(ZIPError) -> StoredBytes {
    let stored = StoredBytes.mapped(file, member.range)
    defer { stored.releasePages() }
    guard let contents = member.isDeflated ? stored.inflated(size: member.size, as: file.path) : stored else {
      throw ZIPError(file: file.path, problem: .damagedData(member: member.name))
    }
    guard contents.crc32 == member.checksum else {
      throw ZIPError(file: file.path, problem: .wrongChecksum(member: member.name))
    }
    return contents
  }

  private func requireSeparate(_ entries: [ZIPDirectory.Entry]) throws(ZIPError.Problem) {
    let order = entries.indices.sorted { entries[$0].header < entries[$1].header }
    for (first, second) in zip(order, order.dropFirst()) {
      guard members[first].range.upperBound <= entries[second].header else {
        throw .overlap(member: entries[second].name, other: entries[first].name)
      }
    }
  }
}

extension ZIPArchive.Member {
  private static let signature = 0x0403_4B50
  private static let headerSize = 30

  fileprivate init(_ entry: ZIPDirectory.Entry, in file: MappedFile, before end: Int) throws(ZIPError.Problem) {
    let name = entry.name
    guard entry.flags & 0x2041 == 0 else { throw .encrypted(member: name) }
    guard entry.method == 0 || entry.method == 8 else { throw .unknownMethod(entry.method, member: name) }
    let isDeflated = entry.method == 8
    let isPossible =
      isDeflated ? entry.size / Inflate.greatestRatio <= entry.storedSize : entry.size == entry.storedSize
    guard isPossible else { throw .impossibleSize(member: name, size: entry.size, stored: entry.storedSize) }

    let nameSize = name.utf8.count
    guard entry.header <= end - Self.headerSize - nameSize else { throw .outOfBounds(member: name) }
    let header = file[entry.header..<entry.header + Self.headerSize + nameSize]
    guard header.number(at: 0, width: 4) == Self.signature, header.number(at: 6, width: 2) == entry.flags,
      header.number(at: 8, width: 2) == entry.method, header.number(at: 26, width: 2) == nameSize,
      header[Self.headerSize...].elementsEqual(name.utf8), let extra = header.number(at: 28, width: 2)
    else { throw .differentHeader(member: name) }
    // Sizes that were not known yet, or do not fit, stand elsewhere.
    if entry.flags & 8 == 0 {
      for (place, size) in [(18, entry.storedSize), (22, entry.size)] {
        guard let own = header.number(at: place, width: 4), own == size || own == 0xFFFF_FFFF else {
          throw .differentHeader(member: name)
        }
      }
    }
    let start = entry.header + header.count + extra
    guard start <= end, entry.storedSize <= end - start else { throw .outOfBounds(member: name) }
    (self.name, size, self.isDeflated) = (name, entry.size, isDeflated)
    (range, checksum) = (start..<start + entry.storedSize, entry.checksum)
  }
}
