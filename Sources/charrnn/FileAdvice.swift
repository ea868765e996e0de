import CharrnnCommandSupport
import SequenceModeling

/// Advice on a file that is not valid UTF-8: what it looks like, and which program makes text of it; empty where nothing is known.
func encodingAdvice(on file: String) -> String {
  let files = SystemFiles()
  guard let status = try? files.statusIfAny(of: file), status.kind == .file,
    let start = try? FileReader(file, using: files).next(1 << 16)
  else { return "" }
  let name = shellWord(file)
  func converting(_ encoding: String) -> String {
    "iconv -f \(encoding) -t utf-8 \(name) > \(shellWord(file + ".utf8")) makes UTF-8 of it"
  }
  for (magic, tool) in compressions where start.starts(with: magic) {
    return "; it is compressed: \(tool) \(name) gives its content"
  }
  if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
    return "; it begins as UTF-16 does: \(converting("utf-16"))"
  }
  let controls = start.count { $0 < 0x20 && ![0x09, 0x0A, 0x0C, 0x0D].contains($0) }
  // In Latin-1 and its kin, letters beyond ASCII are single bytes from 0xA0 on.
  return controls == 0 && start.contains { $0 >= 0xA0 } ? "; if it is Latin-1, \(converting("latin1"))" : ""
}

private let compressions: [(magic: [UInt8], tool: String)] = [
  ([0x1F, 0x8B], "gunzip -k"), (Array("BZh".utf8), "bunzip2 -k"), ([0xFD] + Array("7zXZ".utf8) + [0], "unxz -k"),
  ([0x28, 0xB5, 0x2F, 0xFD], "unzstd"), (Array("PK".utf8) + [3, 4], "unzip"),
]

/// Advice on a path at which nothing is: the nearest name beside it, and for a name alone the nearest run in `runs`; empty where
/// none is near.
func pathAdvice(on path: String) -> String {
  let slash = path.lastIndex(of: "/")
  let (folder, name) = (
    slash.map { String(path[...$0]) } ?? "", slash.map { path[path.index(after: $0)...] } ?? path[...]
  )
  guard name.count > 1 else { return "" }
  func nearest(in folder: String) -> String? {
    let names = ((try? SystemFiles().names(in: folder.isEmpty ? "." : folder)) ?? []).sorted()
    return nearestName(to: String(name), among: names.filter { $0.count > 1 }).map { folder + $0 }
  }
  let found = nearest(in: folder) ?? (folder.isEmpty ? nearest(in: "runs/") : nil)
  return found.map { "; did you mean \(shellWord($0))?" } ?? ""
}
