import CharrnnTestSupport
import Foundation
import Testing

/// Lists of items and other texts of documents.
@Suite struct ItemTests {
  private static let names = (0..<260).map { ["anna", "bob", "carl", "dora"][$0 % 4] + ["", "ina", "ella"][$0 % 3] }

  private func workplace() throws -> Workplace {
    let workplace = try Workplace()
    try workplace.write(Self.names.sorted().map { $0 + "\n" }.joined(), to: "names.txt")
    return workplace
  }

  private static let train = [
    "train", "names.txt", "--hidden", "32", "--batch", "4", "--length", "16", "--sample-every", "0", "--out", "run",
  ]

  /// A list is found, said, drawn at random, evaluated by items, and written as items.
  @Test func aListIsReadItemByItem() throws {
    let workplace = try workplace()
    let outcome = try workplace.charrnn(Self.train + ["--steps", "150"])
    expectDone(outcome, "chose --items: ", "said explicitly: charrnn train names.txt --plain", " --items ")
    let report = try workplace.charrnn(["evaluate", "run", "--json"]).json()
    #expect(try #require(report["documents"] as? Int) > 5 && (report["loss_per_document"] as? Double ?? 0) > 0)
    let text = try workplace.charrnn(["evaluate", "run"])
    expectDone(text)
    #expect(text.text.contains("loss per document"))

    let sample = try workplace.charrnn(["sample", "run", "--seed", "1"])
    expectDone(sample)
    let items = sample.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(items.count == 20 && !items.contains("----") && items.contains { Self.names.contains(String($0)) })
    #expect(
      try workplace.charrnn(["sample", "run", "--count", "3", "--seed", "1"]).text
        == items.prefix(3).map { $0 + "\n" }.joined())

    let likeliest = try workplace.charrnn(["sample", "run", "--greedy"])
    #expect(likeliest.text.split(separator: "\n", omittingEmptySubsequences: false).count == 2, "\(likeliest.text)")

    let new = try workplace.charrnn(["sample", "run", "--count", "7", "--new", "--temperature", "1.5"])
    expectDone(new)
    let fresh = new.text.split(separator: "\n").map(String.init)
    #expect(fresh.count == 7 && Set(fresh).count == 7 && Set(fresh).isDisjoint(with: Self.names))
    let last = "9223372036854775806"
    let many = try workplace.charrnn(["sample", "run", "--count", "70", "--new", "--temperature", "2", "--seed", last])
    expectDone(many)
    #expect(many.text.split(separator: "\n").count == 70, "seeds go on beyond the largest integer")
    try workplace.write("another\n", to: "names.txt")
    let changed = try workplace.charrnn(["sample", "run", "--new"])
    #expect(changed.code == 65 && changed.errors.contains("has changed"), "\(changed.errors)")
  }

  /// Many files are found, said, drawn, and read each from the initial state.
  @Test func manyFilesAreReadOneByOne() throws {
    let workplace = try Workplace()
    let files = (0..<24).map { "part \($0).txt" }
    for (index, file) in files.enumerated() {
      try workplace.write(String(repeating: "The crow, the cow and the fox \(index).\n", count: 5), to: file)
    }
    let options = ["--hidden", "16", "--layers", "1", "--steps", "20", "--sample-every", "0"]
    expectDone(try workplace.charrnn(["train"] + files + options + ["--out", "run"]), "chose --each-file: 24 files")
    let report = try workplace.charrnn(["evaluate", "run", "--json"]).json()
    #expect(report["documents"] as? Int == 1)
    expectDone(try workplace.charrnn(["compress", "run", files[0], "--out", "part.crnn"]))
    expectDone(try workplace.charrnn(["decompress", "run", "part.crnn", "--out", "again.txt"]))
    #expect(try workplace.bytes(of: "again.txt") == workplace.bytes(of: files[0]))
    expectDone(try workplace.charrnn(["train"] + files + ["--resume", "--out", "run", "--steps", "25"]))
    let few = try workplace.charrnn(
      ["train"] + files.prefix(2) + options + ["--each-file", "--split-by", "end", "--out", "few"])
    expectDone(few, "--test-fraction 0.05 holds out nothing of this text")
    let other = try workplace.charrnn(["train"] + files + ["--each-file", "--items", "--out", "other"])
    #expect(other.code == 64 && other.errors.contains("choose one of items, each-file"), "\(other.errors)")
    let one = try workplace.charrnn(["train", files[0], "--each-file", "--out", "other"])
    #expect(one.code == 65 && one.errors.contains("the text is one file"), "\(one.errors)")
  }

  @Test func aListMayBeReadAsOneText() throws {
    let workplace = try workplace()
    for options in [["--split-by", "end"], ["--plain"]] {
      let outcome = try workplace.charrnn(Self.train + ["--steps", "2", "--overwrite"] + options)
      expectDone(outcome)
      #expect(!outcome.errors.contains("--items"))
      #expect(try workplace.charrnn(["evaluate", "run", "--json"]).json()["documents"] is NSNull)
    }
    let refused = try workplace.charrnn(["sample", "run", "--new"])
    #expect(refused.code == 64 && refused.errors.contains("--new is for a model of items"), "\(refused.errors)")
  }

  @Test func aFileMayBeForValidation() throws {
    let workplace = try workplace()
    try workplace.write("annaella\nbobina\ncarl\n", to: "held out.txt")
    let train = Self.train + ["--steps", "20", "--validation", "held out.txt"]
    let outcome = try workplace.charrnn(train)
    expectDone(outcome, "train names.txt --validation 'held out.txt' --plain")
    let report = try workplace.charrnn(["evaluate", "run", "--split", "validation", "--json"]).json()
    #expect(report["documents"] as? Int == 3 && report["tokens"] as? Int == 21)
    expectDone(try workplace.charrnn(train.dropLast(3) + ["30", "--validation", "held out.txt", "--resume"]))
    let forgotten = try workplace.charrnn(Self.train + ["--steps", "40", "--resume"])
    #expect(forgotten.code == 64 && forgotten.errors.contains("--validation 'held out.txt'"), "\(forgotten.errors)")
    // The same text, cut elsewhere, would be split elsewhere.
    let text = String(decoding: try workplace.bytes(of: "names.txt"), as: UTF8.self)
    try workplace.write(String(text.dropLast(4)), to: "names.txt")
    try workplace.write(text.suffix(4) + "annaella\nbobina\ncarl\n", to: "held out.txt")
    let cut = try workplace.charrnn(train.dropLast(3) + ["40", "--validation", "held out.txt", "--resume"])
    #expect(cut.code == 65 && cut.errors.contains("cut into other files"), "\(cut.errors)")
    let both = try workplace.charrnn(train + ["--validation-fraction", "0.1", "--overwrite"])
    #expect(both.code == 64 && both.errors.contains("leave out --validation-fraction"), "\(both.errors)")
  }

  @Test func documentsEndAtASeparator() throws {
    let workplace = try Workplace()
    try workplace.write((0..<60).map { "poem \($0)\nof two lines\n==\n" }.joined(), to: "poems.txt")
    let train = ["train", "poems.txt", "--plain", "--hidden", "8", "--batch", "4", "--steps", "2", "--out", "run"]
    expectDone(try workplace.charrnn(train + ["--separator", "==\n"]))
    #expect(try workplace.charrnn(["evaluate", "run", "--json"]).json()["documents"] as? Int == 3)
    expectDone(try workplace.charrnn(["sample", "run", "--count", "2", "--length", "9"]))
    for options in [[], ["--split-by", "end"]] {
      let missing = try workplace.charrnn(train + ["--separator", "~~", "--overwrite"] + options)
      #expect(missing.code == 65 && missing.errors.contains("\"~~\""), "\(missing.errors)")
    }
    let list = try workplace.charrnn(
      ["train", "poems.txt", "--steps", "2", "--hidden", "4", "--separator", "=\n", "--out", "other"])
    expectDone(list, "--separator=$'=\\012'")
    let both = try workplace.charrnn(train + ["--separator", "==", "--items", "--overwrite"])
    #expect(both.code == 64 && both.errors.contains("choose one of items, separator"), "\(both.errors)")
    for unit in ["blocks", "lines"] {
      expectDone(try workplace.charrnn(train + ["--split-by", unit, "--overwrite"]))
      let report = try workplace.charrnn(["evaluate", "run", "--json"]).json()
      #expect(report["documents"] is NSNull && abs((report["tokens"] as? Int ?? 0) - 75) < 25, "\(report)")
    }
    let files = try workplace.charrnn(train + ["--split-by", "files", "--overwrite"])
    #expect(files.code == 65 && files.errors.contains("has 1 of the files"), "\(files.errors)")
  }
}
