import CharrnnCommandSupport
import SequenceModeling

/// Advice on a file that is not valid UTF-8: what it looks like, and which program makes text of it; empty where nothing is known.
///
/// - Parameter offset: offset of its first byte that is not of valid UTF-8.
func encodingAdvice(on file: String, invalidAt offset: Int) -> String {
  let files = SystemFiles()
  guard let status = try? files.statusIfAny(of: file), status.kind == .file,
    let reader = try? FileReader(file, using: files), let start = try? reader.next(1 << 16)
  else { return "" }
  let (name, text) = (shellWord(file), shellWord(file + ".txt"))
  for (magic, tool) in compressions where start.starts(with: magic) {
    return "; it is compressed: \(tool) \(name) > \(text) writes its content"
  }
  func converting(_ encoding: String) -> String {
    "iconv -f \(encoding) -t utf-8 \(name) > \(text) makes UTF-8 of it"
  }
  if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
    return "; it begins as UTF-16 does: \(converting("utf-16"))"
  }
  return isLatin1(start, then: reader, upTo: offset) ? "; if it is Latin-1, \(converting("latin1"))" : ""
}

private let compressions: [(magic: [UInt8], tool: String)] = [
  ([0x1F, 0x8B], "gunzip -c <"), (Array("BZh".utf8), "bunzip2 -c <"), ([0xFD] + Array("7zXZ".utf8) + [0], "unxz -c <"),
  ([0x28, 0xB5, 0x2F, 0xFD], "unzstd -c <"), (Array("PK".utf8) + [3, 4], "unzip -p"),
]

/// Whether a file is text of ASCII up to an offset, at which stands a byte that in Latin-1 and its kin is a letter or a mark. UTF-8
/// that is damaged has other bytes beyond ASCII before.
private func isLatin1(_ start: [UInt8], then reader: FileReader, upTo offset: Int) -> Bool {
  func isText(_ byte: UInt8) -> Bool { (0x20..<0x7F).contains(byte) || [0x09, 0x0A, 0x0C, 0x0D].contains(byte) }
  var (piece, left) = (start, offset)
  while piece.count <= left {
    guard !piece.isEmpty, piece.allSatisfy(isText), let next = try? reader.next(1 << 16) else { return false }
    (piece, left) = (next, left - piece.count)
  }
  return piece[..<left].allSatisfy(isText) && piece[left] >= 0xA0
}

/// Kinds of file that a path may be meant to name.
enum NamedFile {
  /// A run, or a checkpoint.
  case model
  case text

  fileprivate func isSuch(_ path: String) -> Bool {
    let kind = ((try? SystemFiles().statusIfAny(of: path)) ?? nil)?.kind
    switch self {
    case .text: return kind == .file
    case .model: return kind == .file ? path.hasSuffix(".safetensors") : RunDirectory(path).holdsRun
    }
  }
}

/// Advice on a path at which nothing is: the nearest one; empty where none is near.
func pathAdvice(on path: String, meant kind: NamedFile) -> String {
  let runs = kind == .model ? CommonOptions.runs(beginningWith: path) : []
  if runs.count > 1 {
    return
      "; several runs begin so: \(runs.prefix(5).map(shellWord).joined(separator: ", "))\(runs.count > 5 ? ", …" : "")"
  }
  return nearestPath(to: path, meant: kind).map { "; did you mean \(shellWord($0))?" } ?? ""
}

/// The path nearest to one at which nothing is, in the same folder, and for a model's name alone in `runs`; nil where none is near.
func nearestPath(to path: String, meant kind: NamedFile) -> String? {
  let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  let folders = (kind == .model && folder.isEmpty ? ["runs/"] : []) + [folder]
  let (stem, ending) = parts(path.dropFirst(folder.count).lowercased())
  let paths = folders.flatMap { folder in
    ((try? SystemFiles().names(in: folder.isEmpty ? "." : folder)) ?? []).sorted().map { folder + $0 }
  }
  // An ending that many files share makes none of them near.
  let near = paths.compactMap { path -> (stem: String, path: String)? in
    let name = parts((path.split(separator: "/").last ?? "").lowercased())
    return ending.isEmpty || name.ending == ending ? (name.stem, path) : nil
  }.filter { kind.isSuch($0.path) }
  let found = nearestName(to: stem, among: near.map(\.stem), atMost: max(1, stem.count / 3))
  return near.first { $0.stem == found }?.path
}

/// A name without its ending, and the ending.
private func parts(_ name: String) -> (stem: String, ending: String) {
  guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return (name, "") }
  return (String(name[..<dot]), String(name[dot...]))
}
