import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Texts in a folder and the folders in it, in the order of their paths.
///
/// Left out are hidden files and folders, runs, what is empty, what is no text (it has a zero byte near its beginning), and what the
/// user does not want.
struct TextFolder {
  /// Files that the user wants, by patterns of the shell for names, or for paths from the folder.
  struct Selection {
    var included: [String] = []
    var ignored: [String] = []

    func ignores(_ path: String) -> Bool { matches(path, ignored) }
    func includes(_ path: String) -> Bool { included.isEmpty || matches(path, included) }

    private func matches(_ path: String, _ patterns: [String]) -> Bool {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      return patterns.contains { fnmatch($0, name, 0) == 0 || fnmatch($0, path, 0) == 0 }
    }
  }

  private(set) var files: [String] = []
  /// Files and folders that were left out by no wish of the user, each with the reason.
  private(set) var leftOut: [(path: String, reason: String)] = []

  private let root: String
  private let selection: Selection
  /// Folders that were seen: a link may lead back to one.
  private var seen: Set<FileStatus.Identity> = []
  private static let beginning = 8192

  /// - Parameter path: a folder, with or without a slash at the end.
  /// - Throws: `CommandFailure` where nothing in it is a text, `FileError` for a folder that cannot be read.
  init(_ path: String, _ selection: Selection) throws {
    root = path.hasSuffix("/") ? path : path + "/"
    self.selection = selection
    try read("")
    if files.isEmpty {
      let reasons = leftOut.prefix(3).map { "; \($0.path): \($0.reason)" }
      let selected = leftOut.isEmpty && !selection.included.isEmpty ? " that --include takes" : ""
      throw CommandFailure("\(path): no text is in this folder\(selected)\(reasons.joined())", code: .noInput)
    }
  }

  /// A line about what was left out; nil if nothing was.
  var notice: String? {
    guard let first = leftOut.first else { return nil }
    let others = leftOut.count == 1 ? "" : ", and \(leftOut.count - 1) more"
    return "\(root): left out \(first.path) (\(first.reason))\(others)"
  }

  private mutating func read(_ folder: String) throws {
    let (path, system) = (root + folder, SystemFiles())
    let names: [String]
    do throws(SystemError) {
      guard seen.insert(try system.status(of: path).identity).inserted else { return }
      names = try system.names(in: path)
    } catch { throw FileError(path: path, action: "read", code: error.code) }
    if !folder.isEmpty && RunDirectory(path).holdsRun { return leftOut.append((path, "a run")) }
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
      let place = folder + name
      if selection.ignores(place) { continue }
      guard let status = try? system.status(of: root + place) else {
        leftOut.append((root + place, "it leads nowhere"))
        continue
      }
      switch status.kind {
      case .directory: try read(place + "/")
      case .file where selection.includes(place):
        if let reason = try Self.reasonToLeaveOut(root + place, status) {
          leftOut.append((root + place, reason))
        } else {
          files.append(root + place)
        }
      case .file: continue
      default: leftOut.append((root + place, "no file"))
      }
    }
  }

  private static func reasonToLeaveOut(_ path: String, _ status: FileStatus) throws -> String? {
    if status.size == 0 { return "empty" }
    let start = try FileReader(path).next(beginning)
    return start.contains(0) ? "no text" : nil
  }
}

/// The name that texts share, for a run: of one, its own; of several, how their names begin, or the folder that they lie in.
///
/// - Parameter names: paths as they were given.
func sharedName(of names: [String]) -> String {
  let paths = names.map { name -> [String] in
    let text = String(String.UnicodeScalarView(name.unicodeScalars.map { SystemText.isEscape($0) ? "_" : $0 }))
    return URL(fileURLWithPath: text).standardizedFileURL.pathComponents
  }
  func bare(_ path: [String]) -> String {
    let name = URL(fileURLWithPath: path.last ?? "").deletingPathExtension().lastPathComponent
    return name.isEmpty || name == "/" ? "corpus" : name
  }
  guard paths.count > 1 else { return names[0] == TextInput.standardInput ? "stdin" : bare(paths[0]) }
  let folders = paths.map { Array($0.dropLast()) }
  if Set(folders).count == 1, let beginning = sharedBeginning(of: paths.map(bare)) { return beginning }
  let here = URL(fileURLWithPath: ".").standardizedFileURL.pathComponents
  let shared = folders.dropFirst().reduce(folders[0]) { shared, folder in
    zip(shared, folder).prefix { $0 == $1 }.map(\.0)
  }
  // A folder above the one where the command runs says nothing about the texts.
  return here.starts(with: shared) ? bare(paths[0]) : bare(shared)
}

/// Words that some names begin with; nil for none.
private func sharedBeginning(of names: [String]) -> String? {
  var beginning = names.dropFirst().reduce(names[0]) { $0.commonPrefix(with: $1) }
  // A word that goes on differently is not shared.
  let isCut = names.contains { $0.dropFirst(beginning.count).first?.isLetter ?? false }
  if isCut { beginning = String(beginning.reversed().drop { $0.isLetter }.reversed()) }
  let trimmed = String(beginning.reversed().drop { !$0.isLetter }.reversed())
  return trimmed.isEmpty ? nil : trimmed
}
