import TensorCore

/// How many steps each sequence of a batch has; what stands behind them in the batch is padding.
///
/// Padding influences no result and no gradient, whatever it holds. A sequence's final state is that after its own last step,
/// and its outputs behind that are zeros. Sequences in order of falling lengths are the fastest: those still running then
/// stand together.
public struct SequenceLengths: Sendable, Equatable {
  /// The steps of each sequence.
  public let steps: [Int]
  /// The steps of the batch, padding included.
  public let time: Int
  /// At each step, the sequences that are still running, in ranges that leave gaps between them.
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

  /// - Parameter steps: of each sequence, at least 0 and at most `time`.
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

  /// The lengths of what remains of the sequences in some steps; those that ended before have none.
  func part(_ range: Range<Int>) -> SequenceLengths {
    SequenceLengths(
      anyOf: steps.map { min(max($0 - range.lowerBound, 0), range.count) }, time: range.count)
  }

  /// How many sequences there are.
  public var count: Int { steps.count }

  /// Whether each sequence is still running at a step.
  func mask(at t: Int) -> [Bool] { steps.map { $0 > t } }

  /// Whether each place of the batch, [time · batch], belongs to a sequence.
  var mask: [Bool] { (0..<time).flatMap(mask(at:)) }

  /// Of some rows of the batch, those that run at a step, and those that do not.
  func parts(of rows: Range<Int>, at t: Int) -> (running: [Range<Int>], ended: [Range<Int>]) {
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

/// Lengths that are none of sequences of a batch.
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
