import Foundation

/// Files of the repository that tests read.
package enum Repository {
  package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A fixture, `Tests/Fixtures/…`; its generator stands beside it.
  package static func fixture(_ name: String) -> URL { root.appendingPathComponent("Tests/Fixtures/\(name)") }

  /// The kept inputs of a fuzz target, by name.
  package static func fuzzInputs(of target: String) throws -> [(name: String, bytes: [UInt8])] {
    let directory = fixture("fuzz/\(target)")
    return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map { name in
      (name, Array(try Data(contentsOf: directory.appendingPathComponent(name))))
    }
  }

  /// A text of `corpora`.
  package static func corpus(_ name: String) -> URL { root.appendingPathComponent("corpora/\(name)") }
}
