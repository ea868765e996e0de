import TensorCore

/// Data that cannot be trained on or evaluated: the fault and its position, in one line. Rows are counted from 0, as in
/// tensors.
public enum DataError: Error, Equatable, CustomStringConvertible {
  case noSamples
  case countsDiffer(inputs: Int, targets: Int)
  /// An infinity or NaN, printed as `value`. `index` is its position in the row or the step, one number for each axis.
  case notFinite(Part, at: SamplePlace, index: [Int], value: String)
  case classOutOfRange(Int32, at: SamplePlace, classes: Int)
  /// A token id that the model has no embedding for, or that no model has.
  case tokenOutOfRange(String, at: SamplePlace, tokens: Int)
  case noSteps(sequence: Int)
  /// Fewer steps than the model reads at once.
  case tooFewSteps(sequence: Int, steps: Int)
  /// Masks or weights of another number than the sequences.
  case sequencesDiffer(inputs: Int, Part, count: Int)
  /// Something that a sequence has for each step, with another number of steps.
  case stepsDiffer(sequence: Int, inputs: Int, Part, steps: Int)
  /// Vectors of another shape than those of sequence 0.
  case widthsDiffer(Part, sequence: Int, shape: TensorShape, first: TensorShape)
  case invalidWeight(Double, sequence: Int)
  /// A mask leaves no target, or the weights are all 0.
  case nothingCounts
  case batchLargerThanData(batch: Int, count: Int)
  /// A test fraction that leaves the training or the test part empty.
  case emptyPart(testFraction: Double, count: Int)

  public enum Part: String, Sendable {
    case inputs, targets, mask, weights
  }

  public var description: String {
    switch self {
    case .noSamples: "there are no samples; give at least one"
    case .countsDiffer(let inputs, let targets):
      "\(inputs) inputs and \(targets) targets; give one target for each input"
    case .notFinite(let part, let place, let index, let value):
      "\(part.rawValue): \(value) at \(place)\(index.isEmpty ? "" : ", index \(index)"); correct it, or remove the row"
    case .classOutOfRange(let label, let place, let classes):
      "class \(label) at \(place) is outside of 0..<\(classes); correct it, or give the model as many outputs"
    case .tokenOutOfRange(let id, let place, let tokens):
      "token \(id) at \(place) is outside of 0..<\(tokens); correct it, or give the embedding as many rows"
    case .noSteps(let sequence): "sequence \(sequence) has no steps; leave it out"
    case .tooFewSteps(let sequence, let steps):
      "sequence \(sequence) has \(counted(steps, "step")), fewer than a convolution of the model reads; leave it out or pad it"
    case .sequencesDiffer(let inputs, let part, let count):
      "\(part.rawValue): there are \(count) for \(counted(inputs, "sequence")); give one for each"
    case .stepsDiffer(let sequence, let inputs, let part, let steps):
      "sequence \(sequence) has \(counted(inputs, "step")), and its \(part.rawValue) \(steps); give one for each step"
    case .widthsDiffer(let part, let sequence, let shape, let first):
      "\(part.rawValue): a step of sequence \(sequence) has the shape \(shape), one of sequence 0 \(first); give all the same"
    case .invalidWeight(let weight, let sequence):
      "the weight \(weight) of sequence \(sequence) is not a number from 0 up; correct it"
    case .nothingCounts: "no target counts: all are masked out, missing or of weight 0; let one count"
    case .batchLargerThanData(let batch, let count):
      "a batch of \(batch) is larger than the data, which has \(counted(count, "sample")); choose a batch of \(count) or fewer"
    case .emptyPart(let fraction, let count):
      "a test fraction of \(fraction) of \(counted(count, "sample")) leaves a part empty; choose another fraction, or give more data"
    }
  }

}
