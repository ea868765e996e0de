import Foundation

/// Files of the repository that tests read.
package enum Repository {
  package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A fixture, `Tests/Fixtures/…`; its generator stands beside it.
  package static func fixture(_ name: String) -> URL { root.appendingPathComponent("Tests/Fixtures/\(name)") }

  /// A text of `corpora`.
  package static func corpus(_ name: String) -> URL { root.appendingPathComponent("corpora/\(name)") }
}
