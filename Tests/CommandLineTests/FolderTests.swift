import CharrnnTestSupport
import Foundation
import Testing

/// Folders of texts.
@Suite struct FolderTests {
  private func workplace() throws -> Workplace {
    let workplace = try Workplace()
    for folder in ["notes", "notes/b", "notes/.git", "notes/drafts"] {
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: workplace.path + "/" + folder), withIntermediateDirectories: true)
    }
    try workplace.write("third. " + fable, to: "notes/c.md")
    try workplace.write("first. " + fable, to: "notes/a.txt")
    try workplace.write("second. " + fable, to: "notes/b/one.txt")
    try workplace.write("draft. " + fable, to: "notes/drafts/two.txt")
    try workplace.write("hidden", to: "notes/.git/config")
    try workplace.write("", to: "notes/empty.txt")
    try workplace.write([1, 0, 2, 3], to: "notes/picture.png")
    try FileManager.default.createSymbolicLink(
      atPath: workplace.path + "/notes/b/loop", withDestinationPath: workplace.path + "/notes")
    return workplace
  }

  private func corpora(_ run: String, _ workplace: Workplace) throws -> [String]? {
    let json = try JSONSerialization.jsonObject(with: Data(workplace.bytes(of: run + "/config.json")))
    return (json as? [String: Any])?["corpora"] as? [String]
  }

  /// The texts of a folder are read in the order of their paths, without what is no text, and named in one line.
  @Test func aFolderIsReadInOrder() throws {
    let workplace = try workplace()
    let train = ["train", "notes", "--steps", "2", "--ignore", "drafts"] + small
    let outcome = try workplace.charrnn(train)
    expectDone(
      outcome, "notes/: left out notes/empty.txt (empty), and 1 more", "charrnn: note: notes (3 files): ",
      "saved in runs/notes")
    #expect(try corpora("runs/notes", workplace) == ["notes/a.txt", "notes/b/one.txt", "notes/c.md"])
    expectDone(try workplace.charrnn(["evaluate", "runs/notes"]))
    expectDone(
      try workplace.charrnn(["train", "notes", "--ignore", "drafts", "--resume", "--steps", "3"]), "resuming runs/notes"
    )
    let listed = try workplace.charrnn(
      ["train", "notes/a.txt", "notes/b/one.txt", "notes/c.md", "--resume", "--steps", "4"])
    expectDone(listed, "resuming runs/notes")

    expectDone(
      try workplace.charrnn(["train", "notes/", "--include", "*.txt", "--out", "texts", "--steps", "1"] + small))
    #expect(try corpora("texts", workplace) == ["notes/a.txt", "notes/b/one.txt", "notes/drafts/two.txt"])
    expectDone(
      try workplace.charrnn(["train", ".", "--ignore", "*.md,drafts/*", "--out", "all", "--steps", "1"] + small))
    #expect(
      try corpora("all", workplace) == ["./notes/a.txt", "./notes/b/one.txt", "./notes/drafts/two.txt"],
      "runs are no texts, and a pattern with a slash begins at the folder")
  }

  @Test func whatIsNoFolderOfTextsIsRefused() throws {
    let workplace = try workplace()
    expectError(
      try workplace.charrnn("train", "notes/.git", "--ignore", "*"), 66, "notes/.git: no text is in this folder")
    expectError(
      try workplace.charrnn("train", "notes", "--include", "*.none"), 66,
      "no text is in this folder that --include takes")
    expectError(
      try workplace.charrnn("train", "notes/a.txt", "--ignore", "x"), 64, "--ignore chooses files of a folder")
    expectError(
      try workplace.charrnn("train", "notes/a.txt", "--validation", "notes"), 64,
      "--validation notes is a folder; name one file")
  }

  /// A run on several texts is named after what they share.
  @Test(
    arguments: [
      (["notes/a.txt", "notes/c.md"], "notes"), (["part 1.txt", "part 2.txt"], "part"),
      (["names.txt", "nations.txt"], "names"),
      (["notes/b/one.txt", "notes/a.txt"], "notes"), (["notes/a.txt", "names.txt"], "a"), (["."], nil),
    ] as [([String], String?)])
  func aRunIsNamedAfterWhatItsTextsShare(names: [String], run: String?) throws {
    let workplace = try workplace()
    for name in ["part 1.txt", "part 2.txt", "names.txt", "nations.txt"] { try workplace.write(fable, to: name) }
    let outcome = try workplace.charrnn(["train"] + names + ["--steps", "1"] + small)
    expectDone(outcome)
    let expected = run ?? URL(fileURLWithPath: workplace.path).standardizedFileURL.lastPathComponent
    #expect(
      outcome.errors.contains("saved in runs/\(expected);") || outcome.errors.contains("saved in 'runs/\(expected)';"),
      "\(outcome.errors)")
  }
}
