/// Why a text cannot be compressed or decompressed.
public enum CompressionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The bytes do not begin as compressed text does.
  case notCompressed
  /// A format that a later version of the program writes.
  case newerVersion(Int)
  /// The bytes are not all as they were written: changed, cut short or with more behind them.
  case damaged
  /// The text was compressed with another model, or for one that learns with another training text.
  case otherModel
  /// Decoded text that is not the one that was compressed.
  case otherContent
  /// The kernels in use compute other bits on other machines.
  case notReproducible
  /// A prediction of the model is infinite or not a number.
  case notFinite

  public var description: String {
    switch self {
    case .notCompressed: "is no compressed text; give a file that was made by compressing one"
    case .newerVersion(let version):
      "has format \(version), which is newer than this program; decompress it with a later version"
    case .damaged: "is damaged (its checksum is wrong); get another copy of it"
    case .otherModel:
      "was compressed with another model, or with this one trained on another text; give the same checkpoint that "
        + "compressed it (a run that is trained on changes its own)"
    case .otherContent:
      "the decoded text is not the one that was compressed; decompress it with the version of the program that compressed it"
    case .notReproducible:
      "the kernels in use compute other numbers on other machines; choose the reproducible ones before anything is computed"
    case .notFinite:
      "the model's predictions are not finite numbers; its weights are damaged, or diverged while it learned"
    }
  }
}
