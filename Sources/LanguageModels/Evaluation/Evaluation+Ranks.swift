import Autograd
import ModelTraining
import ProcessGroups
import TensorCore

extension Evaluation {
  /// The sum of −log p over all predictions of a text that is read as one stream, of which each rank of a group reads a part.
  ///
  /// The state at the start of a part depends on all that stands before it. Each rank first reads its part from the initial state.
  /// Then it reads again from the state in which the rank before it ended, until the state is that of its first reading but for
  /// rounding, to which networks that forget come soon. What follows stays as it was. With a network that never forgets this takes as
  /// long as one process, and gives its sum.
  ///
  /// - Returns: the sum, and how many segments were read again, by all ranks together.
  package static func sum<Scalar>(
    of model: CharacterModel<Scalar>, on text: TextStream, workspace: Workspace<Scalar>, in group: ProcessGroup
  ) -> (nats: Double, segmentsReadAgain: Int) {
    let segments = segments(predictions: text.predictions)
    let own = evenShare(of: segments.count, part: group.rank, parts: group.size)
    var part = StreamPart(model, text, segments: Array(segments[own]), workspace: workspace)
    let initial = model.initialState(in: workspace)
    _ = part.read(from: initial)
    var (readAgain, isSettled) = (0, false)
    while !isSettled {
      let ends = group.allGather(part.end.bytes)
      let read = group.rank == 0 ? nil : part.read(from: initial.replaced(by: ends[group.rank - 1]))
      let all = group.sums(of: [read == nil ? 0 : 1, Double(read ?? 0)])
      (readAgain, isSettled) = (readAgain + Int(all[1]), all[0] == 0)
    }
    let sums = group.gather(LittleEndianBytes.encode(part.sums))
    let nats = sums?.reduce(0.0) { LittleEndianBytes.decode($1).reduce($0, +) } ?? 0
    return (group.sums(of: [nats])[0], readAgain)
  }
}

/// Segments of a text that one rank reads, one after the other.
private struct StreamPart<Scalar: TensorScalar> {
  private let model: CharacterModel<Scalar>
  private let text: TextStream
  private let segments: [Range<Int>]
  private let workspace: Workspace<Scalar>
  /// The sum of −log p of each segment.
  private(set) var sums: [Double]
  /// State before the first segment; nil where nothing was read.
  private var start: CharacterModel<Scalar>.State?
  /// States before the first segments, as many as are kept.
  private var states: [CharacterModel<Scalar>.State] = []
  /// State after the last segment.
  private(set) var end: CharacterModel<Scalar>.State

  /// A network that has not forgotten its first state after 16,384 tokens is not asked again.
  private static var mostStates: Int { 32 }

  init(
    _ model: CharacterModel<Scalar>, _ text: TextStream, segments: [Range<Int>], workspace: Workspace<Scalar>
  ) {
    (self.model, self.text, self.segments, self.workspace) = (model, text, segments, workspace)
    sums = Array(repeating: 0, count: segments.count)
    end = model.initialState(in: workspace)
  }

  /// Reads the segments from a state, up to one that was read from the same state before.
  ///
  /// - Returns: how many were read; nil where the part was read from this state before.
  mutating func read(from state: CharacterModel<Scalar>.State) -> Int? {
    if let start, state.agrees(with: start) { return nil }
    start = state
    var reader = StreamReader(model, text, from: state, workspace: workspace)
    for (index, steps) in segments.enumerated() {
      let state = reader.state ?? state
      if index < states.count {
        if state.agrees(with: states[index]) { return index }
        states[index] = state
      } else if index < Self.mostStates {
        states.append(state)
      }
      sums[index] = reader.sums(of: steps)[0]
    }
    end = reader.state ?? state
    return segments.count
  }
}

extension CharacterModel.State {
  /// Whether all values agree but for the rounding of a few steps: a network does not come to the same bits from other ones.
  fileprivate func agrees(with other: Self) -> Bool {
    zip(layers.joined(), other.layers.joined()).allSatisfy { own, other in
      let (own, other) = (own.scalars, other.scalars)
      let tolerance = 32 * Scalar.ulpOfOne * (own.map(\.magnitude).max() ?? 0)
      // A value that is not a number stays so.
      return zip(own, other).allSatisfy { !(($0 - $1).magnitude > tolerance) }
    }
  }

  /// The bytes of all components, one after the other.
  fileprivate var bytes: [UInt8] { layers.joined().flatMap(\.message) }

  /// A state of the same shapes with other bytes.
  fileprivate func replaced(by bytes: [UInt8]) -> Self {
    var rest = bytes[...]
    return Self(
      layers: layers.map { components in
        components.map { component in
          let count = component.message.count
          defer { rest = rest.dropFirst(count) }
          return Tensor(messages: [Array(rest.prefix(count))], shape: component.shape)
        }
      })
  }
}
