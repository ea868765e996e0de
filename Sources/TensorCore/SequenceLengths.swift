/// Steps of each sequence of a batch; the rest of the batch is padding.
///
/// Padding influences no result and no gradient, whatever it holds. A sequence's final state is the state after its own
/// last step, and its outputs after that are zeros. Sequences sorted by decreasing length run fastest: the running ones
/// are then adjacent.
public struct SequenceLengths: Sendable, Equatable {
  /// Steps of each sequence.
  public let steps: [Int]
  /// Steps of the batch, padding included.
  public let time: Int
  /// Sequences that run at each step, in ranges with gaps between them.
  private let running: [[Range<Int>]]

  /// - Parameter time: the steps of the batch.
  /// - Throws: `SequenceLengthsError` when a sequence has no step, or more than the batch.
  public init(_ steps: [Int], time: Int) throws(SequenceLengthsError) {
    for (sequence, count) in steps.enumerated() {
      if count < 1 { throw .noSteps(sequence: sequence, count: count) }
      if count > time { throw .tooLong(sequence: sequence, count: count, time: time) }
    }
    self.init(anyOf: steps, time: time)
  }

  /// - Parameter steps: between 0 and `time`, both included.
  private init(anyOf steps: [Int], time: Int) {
    self.steps = steps
    self.time = time
    running = (0..<time).map { t in
      var ranges: [Range<Int>] = []
      for (sequence, count) in steps.enumerated() where count > t {
        if let last = ranges.last, last.upperBound == sequence {
          ranges[ranges.count - 1] = last.lowerBound..<sequence + 1
        } else {
          ranges.append(sequence..<sequence + 1)
        }
      }
      return ranges
    }
  }

  /// Lengths within some steps; 0 for sequences that ended before.
  package func segment(_ range: Range<Int>) -> SequenceLengths {
    SequenceLengths(
      anyOf: steps.map { min(max($0 - range.lowerBound, 0), range.count) }, time: range.count)
  }

  /// Lengths of some of the sequences, in this order.
  package func gathering(_ indices: [Int]) -> SequenceLengths {
    SequenceLengths(anyOf: indices.map { steps[$0] }, time: time)
  }

  /// Number of sequences.
  public var count: Int { steps.count }

  /// Whether each sequence is still running at a step.
  package func mask(at t: Int) -> [Bool] { steps.map { $0 > t } }

  /// Whether each position of the batch, [time · batch], belongs to a sequence.
  package var mask: [Bool] { (0..<time).flatMap(mask(at:)) }

  /// Positions in [count · time] that are no padding, sequence by sequence.
  package var positions: [Int32] {
    steps.enumerated().flatMap { sequence, count in (0..<count).map { Int32(sequence * time + $0) } }
  }

  /// Some rows of the batch, divided into those whose sequences run at a step and the rest.
  package func parts(of rows: Range<Int>, at t: Int) -> (running: [Range<Int>], ended: [Range<Int>]) {
    let live = running[t].map { $0.clamped(to: rows) }.filter { !$0.isEmpty }
    var (ended, start) = ([Range<Int>](), rows.lowerBound)
    for range in live {
      if range.lowerBound > start { ended.append(start..<range.lowerBound) }
      start = range.upperBound
    }
    if start < rows.upperBound { ended.append(start..<rows.upperBound) }
    return (live, ended)
  }
}

/// Lengths that no batch can have.
public enum SequenceLengthsError: Error, Equatable, CustomStringConvertible {
  case noSteps(sequence: Int, count: Int)
  case tooLong(sequence: Int, count: Int, time: Int)

  public var description: String {
    switch self {
    case .noSteps(let sequence, let count):
      "sequence \(sequence) has a length of \(count), and a sequence has at least one step; leave it out of the batch"
    case .tooLong(let sequence, let count, let time):
      "sequence \(sequence) has a length of \(count), and the batch has \(time) steps; correct the length or pad the batch"
    }
  }
}
