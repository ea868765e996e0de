/// Why data cannot be trained on or evaluated: what and where, in one line. Rows are counted from 0, as tensors count them.
public enum DataError: Error, Equatable, CustomStringConvertible {
  case noSamples
  case countsDiffer(inputs: Int, targets: Int)
  /// An infinite number or NaN (written as `value`), at one index for each axis of the row.
  case notFinite(Part, row: Int, index: [Int], value: String)
  case classOutOfRange(Int32, row: Int, classes: Int)
  case batchLargerThanData(batch: Int, count: Int)
  /// A share of the samples for the test part that leaves one of the two parts empty.
  case emptyPart(testFraction: Double, count: Int)

  public enum Part: String, Sendable {
    case inputs, targets
  }

  public var description: String {
    switch self {
    case .noSamples: "there are no samples; give at least one"
    case .countsDiffer(let inputs, let targets):
      "\(inputs) inputs and \(targets) targets; give one target for each input"
    case .notFinite(let part, let row, let index, let value):
      "\(part.rawValue): \(value) at row \(row)\(index.isEmpty ? "" : ", index \(index)"); correct it, or remove the row"
    case .classOutOfRange(let label, let row, let classes):
      "class \(label) at row \(row) is outside of 0..<\(classes); correct it, or give the model as many outputs"
    case .batchLargerThanData(let batch, let count):
      "a batch of \(batch) is larger than the data, which has \(samples(count)); choose a batch of \(count) or fewer"
    case .emptyPart(let fraction, let count):
      "a test fraction of \(fraction) of \(samples(count)) leaves a part empty; choose another fraction, or give more data"
    }
  }

  private func samples(_ count: Int) -> String { "\(count) sample\(count == 1 ? "" : "s")" }
}
