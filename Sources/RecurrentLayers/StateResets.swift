import TensorCore

/// The places of a batch before which a sequence forgets: where a document begins inside a stream.
///
/// A sequence enters the step at such a place with the state of the beginning (zeros, unless the cell or a stack that learns it
/// says otherwise), and no gradient flows back across the place: outputs, final states and gradients are those of the documents
/// run one by one. A cell that reads backward forgets at the other side, before it reads the last step of the document before; a
/// place at the first step tells it nothing. Behind a sequence's end there is nothing to forget.
public struct StateResets: Sendable, Equatable {
  /// Whether sequence b forgets before step t: `places[t * batch + b]`.
  public let places: [Bool]
  /// How many steps there are.
  public let time: Int
  /// How many sequences run side by side.
  public let batch: Int

  /// - Precondition: there are time × batch places.
  public init(_ places: [Bool], time: Int, batch: Int) {
    require(
      places.count == time * batch, "StateResets: \(places.count) places for \(time) steps of \(batch) sequences")
    (self.places, self.time, self.batch) = (places, time, batch)
  }

  /// Those before every token that follows a given one: the token that ends documents.
  ///
  /// - Parameter preceding: the token before the first of each sequence, where a stream goes on; nil at its beginning.
  /// - Precondition: there is one preceding token for each sequence.
  public init(after token: Int32, in grid: TokenGrid, preceding: [Int32]? = nil) {
    if let preceding {
      require(
        preceding.count == grid.batch, "StateResets: \(preceding.count) preceding tokens for \(grid.batch) sequences")
    }
    let before = preceding?.map { $0 == token } ?? Array(repeating: false, count: grid.batch)
    let places = (before + grid.ids.map { $0 == token }).prefix(grid.ids.count)
    self.init(Array(places), time: grid.time, batch: grid.batch)
  }

  /// Whether there is no such place.
  var isEmpty: Bool { !places.contains(true) }

  /// Whether each sequence forgets before a step.
  func mask(at t: Int) -> ArraySlice<Bool> { places[t * batch..<(t + 1) * batch] }

  /// Those in some steps.
  func part(_ steps: Range<Int>) -> StateResets {
    StateResets(
      Array(places[steps.lowerBound * batch..<steps.upperBound * batch]), time: steps.count, batch: batch)
  }

  /// Those before the ends of the sequences.
  func within(_ lengths: SequenceLengths) -> StateResets {
    StateResets(zip(places, lengths.mask).map { $0 && $1 }, time: time, batch: batch)
  }

  /// Those of the sequences read from the last step to the first: a document that begins at step t of n ends, read so, with
  /// step n − t − 1, and what comes before it in the sequence begins with step n − t.
  func reversed(_ lengths: SequenceLengths?) -> StateResets {
    var result = [Bool](repeating: false, count: places.count)
    for (place, isMarked) in places.enumerated() where isMarked {
      let (t, sequence) = place.quotientAndRemainder(dividingBy: batch)
      let steps = lengths?.steps[sequence] ?? time
      if t > 0 && t < steps { result[(steps - t) * batch + sequence] = true }
    }
    return StateResets(result, time: time, batch: batch)
  }
}
