import Autograd
import RecurrentLayers
import SequenceText
import TensorCore

/// How truncated backpropagation through time goes through a text: what each update reads, and how far its gradients flow
/// back. A `CharacterTask` is trained by it.
///
/// From update to update every stream goes on by the forward length. Gradients flow back through the backward length, as a
/// rule the same. With a longer one, steps before are read again from a state further back, with the weights of now; with a
/// shorter one, the steps are cut into parts, none of them longer, through whose borders no gradient flows. (Williams and Peng, "An efficient
/// gradient-based algorithm for on-line training of recurrent network trajectories", 1990; here every step has a loss.)
public struct TruncatedWindows: Sendable {
  private let streams: ContiguousBatches
  private let backwardLength: Int?
  private let variation: RandomSource?

  /// - Parameters:
  ///   - streams: their length is the forward length.
  ///   - backwardLength: nil for the forward length.
  ///   - variation: where lengths that differ are drawn from, anew for each epoch: every border between two windows stays, or
  ///     moves by a quarter of the length either way. (Few different lengths are few sizes of memory to keep.) Nil keeps them
  ///     alike.
  /// - Precondition: the backward length is at least 1; lengths that vary are at least `leastVaried` on average.
  public init(_ streams: ContiguousBatches, backwardLength: Int? = nil, variation: RandomSource? = nil) {
    require(backwardLength ?? 1 > 0, "TruncatedWindows: gradients cannot flow back \(backwardLength ?? 0) steps")
    require(
      variation == nil || streams.length >= Self.leastVaried,
      "TruncatedWindows: a length of \(streams.length) has no quarters to vary by")
    (self.streams, self.backwardLength, self.variation) = (streams, backwardLength, variation)
  }

  /// The order of the documents in an epoch; nil where the text is read as it is.
  func order(epoch: Int) -> DocumentOrder? { streams.order(epoch: epoch) }

  /// The shortest length that can vary.
  public static let leastVaried = 4

  /// The windows of an epoch, whatever their lengths.
  public var perEpoch: Int { streams.windowsPerEpoch }
  /// The streams that are read here, of all.
  public var shard: BatchShard {
    BatchShard(first: streams.streams.lowerBound, count: streams.streams.count, total: streams.batch)
  }

  /// Time steps that one update reads, counted from the start of the streams.
  package struct Window: Sendable {
    package let epoch: Int
    /// The first step and where the run is cut into parts, up to the end.
    package let borders: [Int]
    /// The steps that no update before has learned from.
    package let new: Range<Int>
    /// The border at which the next window begins; nil in the last of an epoch.
    package let next: Int?
    /// Whether no gradient flows through the borders.
    package let isTruncated: Bool

    package var steps: Range<Int> { borders[0]..<new.upperBound }
  }

  /// The window of an update, counted from the start of the run.
  package func window(_ step: Int) -> Window {
    let (epoch, index) = step.quotientAndRemainder(dividingBy: perEpoch)
    let new = newSteps(index, epoch)
    let first = beginning(new)
    let next = index + 1 < perEpoch ? beginning(newSteps(index + 1, epoch)) : nil
    var borders: Set = [first, new.upperBound]
    if let next { borders.insert(next) }
    let isTruncated = backwardLength ?? new.count < new.count
    if let backwardLength, isTruncated {
      borders.formUnion(stride(from: first, to: new.upperBound, by: backwardLength))
    }
    return Window(epoch: epoch, borders: borders.sorted(), new: new, next: next, isTruncated: isTruncated)
  }

  /// How many steps the windows of different lengths have together: for each length, memory is kept.
  static func stepsKept(length: Int, backwardLength: Int?, varies: Bool) -> Int {
    let lengths = varies ? (-2...2).map { length + $0 * (length / 4) } : [length]
    return Set(lengths.map { max($0, backwardLength ?? 0) }).reduce(0, +)
  }

  /// Whether a state is carried into an update: false for one that starts at the first step of the streams.
  package func carriesState(into step: Int) -> Bool { window(step).steps.lowerBound > 0 }

  /// The tokens of a window, and those that follow the new ones.
  ///
  /// - Parameter order: the order of the documents in the window's epoch, where there are any.
  func tokens(
    of window: Window, in order: DocumentOrder?
  ) -> (inputs: [TokenGrid], resets: StateResets?, targets: [Int32]) {
    let (tokens, start) = (streams.window(window.steps, in: order), window.steps.lowerBound)
    let inputs = TokenGrid(ids: tokens.inputs, time: window.steps.count, batch: shard.count)
    let grids = zip(window.borders, window.borders.dropFirst()).map { inputs.steps($0 - start..<$1 - start) }
    let resets = tokens.endsDocument.map { StateResets($0, time: inputs.time, batch: inputs.batch) }
    return (grids, resets, Array(tokens.targets.suffix(window.new.count * inputs.batch)))
  }

  private func newSteps(_ index: Int, _ epoch: Int) -> Range<Int> { border(index, epoch)..<border(index + 1, epoch) }

  /// First step of the window that learns from the new steps `new`.
  private func beginning(_ new: Range<Int>) -> Int {
    max(0, min(new.lowerBound, new.upperBound - (backwardLength ?? 0)))
  }

  /// First new step of a window; for `index` = `perEpoch`, the end of the last one.
  private func border(_ index: Int, _ epoch: Int) -> Int {
    let regular = index * streams.length
    guard let variation, index > 0, index < perEpoch else { return regular }
    var random = variation.substream(UInt64(epoch * perEpoch + index))
    return regular + Int.random(in: -1...1, using: &random) * (streams.length / 4)
  }
}
