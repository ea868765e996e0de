import TensorCore

/// Data that cannot be trained on or evaluated: the fault and its position, in one line. Rows are counted from 0, as in
/// tensors.
public enum DataError: Error, Equatable, CustomStringConvertible {
  case noSamples
  case countsDiffer(inputs: Int, targets: Int)
  /// An infinity or NaN, printed as `value`. `index` is its position in the row, one number for each axis.
  case notFinite(Part, row: Int, index: [Int], value: String)
  case classOutOfRange(Int32, row: Int, classes: Int)
  case batchLargerThanData(batch: Int, count: Int)
  /// A test fraction that leaves the training or the test part empty.
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
      "a batch of \(batch) is larger than the data, which has \(counted(count, "sample")); choose a batch of \(count) or fewer"
    case .emptyPart(let fraction, let count):
      "a test fraction of \(fraction) of \(counted(count, "sample")) leaves a part empty; choose another fraction, or give more data"
    }
  }

}
