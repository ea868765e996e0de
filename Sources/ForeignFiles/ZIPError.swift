import TensorCore

/// A file that is not a usable ZIP archive: the file, the member or offset, and the reason, in one line.
public struct ZIPError: Error, Equatable, CustomStringConvertible {
  /// The path by which the file was opened.
  public let file: String
  public let problem: Problem

  public init(file: String, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  public var description: String { "\(file): \(problem)" }

  /// Every way in which an archive can be malformed or unusable. Offsets are in bytes from the start of the file.
  public enum Problem: Error, Equatable {
    // Problems of the directory.
    case notAnArchive(size: Int)
    case severalParts
    case malformedDirectory(offset: Int)
    case tooManyMembers(offset: Int)
    case nameTooLong(offset: Int)
    case nameNotUTF8(offset: Int)
    case duplicateName(String)

    // Problems of a member that the directory describes.
    case encrypted(member: String)
    case unknownMethod(Int, member: String)
    case outOfBounds(member: String)
    case differentHeader(member: String)
    case overlap(member: String, other: String)
    case impossibleSize(member: String, size: Int, stored: Int)

    // Problems of a member's data.
    case damagedData(member: String)
    case wrongChecksum(member: String)
    case tooMuchMemory(member: String)
  }
}

extension ZIPError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notAnArchive(let size):
      "not a ZIP archive, or cut short: no directory at the end of its \(counted(size, "byte"))"
    case .severalParts:
      "the archive is in several parts; join them"
    case .malformedDirectory(let offset):
      "byte \(offset): malformed directory of the archive"
    case .tooManyMembers(let offset):
      "byte \(offset): more members, or longer names, than are allowed (\(ZIPDirectory.memberLimit) members)"
    case .nameTooLong(let offset):
      "byte \(offset): a name of more than \(ZIPDirectory.nameLimit) bytes"
    case .nameNotUTF8(let offset):
      "byte \(offset): a name that is not UTF-8"
    case .duplicateName(let name):
      "member \(name.quotedName) stands twice"
    case .encrypted(let member):
      "member \(member.quotedName) is encrypted; decrypt the archive first"
    case .unknownMethod(let method, let member):
      "member \(member.quotedName) is compressed by method \(method); 0 (stored) and 8 (deflated) are read"
    case .outOfBounds(let member):
      "member \(member.quotedName) leaves the part of the file that members have"
    case .differentHeader(let member):
      "member \(member.quotedName): the header before its data contradicts the directory"
    case .overlap(let member, let other):
      "member \(member.quotedName) overlaps \(other.quotedName)"
    case .impossibleSize(let member, let size, let stored):
      "member \(member.quotedName) cannot have \(counted(size, "byte")): \(stored) are stored"
    case .damagedData(let member):
      "member \(member.quotedName) is damaged: its compressed data do not make as many bytes as it should have"
    case .wrongChecksum(let member):
      "member \(member.quotedName) is damaged: its data do not match their checksum"
    case .tooMuchMemory(let member):
      "member \(member.quotedName): a copy of it \(CopyBudget.isExceeded); store it without compression"
    }
  }
}
