/// Place of a number in data, counted from 0.
public enum SamplePlace: Sendable, Hashable, CustomStringConvertible {
  case row(Int)
  case sequence(Int)
  case step(Int, ofSequence: Int)

  public var description: String {
    switch self {
    case .row(let row): "row \(row)"
    case .sequence(let sequence): "sequence \(sequence)"
    case .step(let step, let sequence): "step \(step) of sequence \(sequence)"
    }
  }
}
