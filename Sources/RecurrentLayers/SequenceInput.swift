import Autograd
import TensorCore

/// Token ids of several sequences side by side, time-major: the id of sequence b at time t is `ids[t * batch + b]`.
public struct TokenGrid: Sendable, Equatable {
  public let ids: [Int32]
  /// How many steps there are.
  public let time: Int
  /// How many sequences stand side by side.
  public let batch: Int

  /// - Precondition: there are time × batch ids.
  public init(ids: [Int32], time: Int, batch: Int) {
    require(ids.count == time * batch, "TokenGrid: \(ids.count) ids for \(time) steps of \(batch) sequences")
    self.ids = ids
    self.time = time
    self.batch = batch
  }

  /// Some of its steps.
  package func steps(_ range: Range<Int>) -> TokenGrid {
    TokenGrid(
      ids: Array(ids[range.lowerBound * batch..<range.upperBound * batch]), time: range.count, batch: batch)
  }

  /// Traps on an id that is none of so many tokens.
  func validate(tokens: Int) {
    if let bad = ids.first(where: { $0 < 0 || $0 >= tokens }) {
      programmingError("recurrent layer: the token \(bad) is none of the \(tokens) that it was made for")
    }
  }
}

/// What a recurrent layer reads: vectors, or tokens that stand for vectors, of sequences that may differ in length.
public struct SequenceInput<Scalar: TensorScalar> {
  enum Content {
    case vectors(Variable<Scalar>)
    case tokens(TokenGrid)
    case embedded(TokenGrid, table: Variable<Scalar>)
  }

  var content: Content
  /// The steps of each sequence; nil where all have those of the batch.
  public let lengths: SequenceLengths?
  /// Where sequences forget; nil where none does.
  public internal(set) var resets: StateResets?
  /// What the state of a cell that reads this is where a sequence forgets, component by component, [width]; empty for what
  /// the cell begins with.
  var beginning: [Variable<Scalar>] = []
  /// Where it stands in a longer sequence; nil for one that is run as a whole.
  var part: SequencePart<Scalar>?

  /// [time, batch, features].
  public static func vectors(_ input: Variable<Scalar>, lengths: SequenceLengths? = nil) -> SequenceInput {
    SequenceInput(content: .vectors(input), lengths: lengths)
  }

  /// One-hot vectors given by the place of their 1; their products with weights are look-ups.
  public static func tokens(_ grid: TokenGrid, lengths: SequenceLengths? = nil) -> SequenceInput {
    SequenceInput(content: .tokens(grid), lengths: lengths)
  }

  /// Vectors given by their rows in a table, [tokens, features].
  public static func embedded(
    _ grid: TokenGrid, table: Variable<Scalar>, lengths: SequenceLengths? = nil
  ) -> SequenceInput { SequenceInput(content: .embedded(grid, table: table), lengths: lengths) }

  /// The same with sequences that forget at some places. A run of it traps unless the places are those of as many steps and
  /// sequences.
  public func resetting(at resets: StateResets) -> SequenceInput {
    var result = self
    result.resets = resets
    return result
  }

  /// How many steps there are.
  public var time: Int {
    switch content {
    case .vectors(let input): input.shape[0]
    case .tokens(let grid), .embedded(let grid, _): grid.time
    }
  }

  /// How many sequences run side by side.
  public var batch: Int {
    switch content {
    case .vectors(let input): input.shape[1]
    case .tokens(let grid), .embedded(let grid, _): grid.batch
    }
  }

  /// The same with padding that holds nothing: vectors of zeros, tokens of number 0, no resets.
  ///
  /// Traps unless this is a sequence, of one step at least, for a cell of the given input size, and the lengths and resets are
  /// its own.
  func validated(inputSize: Int) -> SequenceInput {
    if case .vectors(let input) = content, input.shape.rank != 3 || input.shape[2] != inputSize {
      shapeFailure("recurrent layer", input.shape, hint: "the input must be [time, batch, \(inputSize)]")
    }
    require(time > 0, "recurrent layer: the sequence has no steps")
    require(batch > 0, "recurrent layer: there is no sequence in the batch")
    if let lengths {
      require(
        lengths.count == batch && lengths.time == time,
        "recurrent layer: lengths of \(lengths.count) sequences in \(lengths.time) steps for an input of \(batch) sequences "
          + "in \(time) steps")
    }
    if let resets {
      require(
        resets.batch == batch && resets.time == time,
        "recurrent layer: resets of \(resets.batch) sequences in \(resets.time) steps for an input of \(batch) sequences "
          + "in \(time) steps")
    }
    let sequence = withoutPadding
    switch sequence.content {
    case .vectors: break
    case .tokens(let grid): grid.validate(tokens: inputSize)
    case .embedded(let grid, let table):
      if table.shape.rank != 2 || table.shape[1] != inputSize {
        shapeFailure("recurrent layer", table.shape, hint: "the table must be [tokens, \(inputSize)]")
      }
      grid.validate(tokens: table.shape[0])
    }
    return sequence
  }

  private var withoutPadding: SequenceInput {
    var result = self
    if let lengths { result.resets = resets?.within(lengths) }
    if let resets = result.resets, resets.isEmpty { result.resets = nil }
    guard let lengths else { return result }
    func cleaned(_ grid: TokenGrid) -> TokenGrid {
      TokenGrid(ids: zip(grid.ids, lengths.mask).map { $1 ? $0 : 0 }, time: grid.time, batch: grid.batch)
    }
    switch content {
    case .vectors(let input): result.content = .vectors(input.withoutPadding(lengths))
    case .tokens(let grid): result.content = .tokens(cleaned(grid))
    case .embedded(let grid, let table): result.content = .embedded(cleaned(grid), table: table)
    }
    return result
  }

  /// The same without what gradients flow through.
  func detached() -> SequenceInput {
    var result = mappingVariable { $0.detached() }
    result.beginning = beginning.map { $0.detached() }
    return result
  }

  /// The same with another variable for what gradients flow through.
  func mappingVariable(_ transform: (Variable<Scalar>) -> Variable<Scalar>) -> SequenceInput {
    var result = self
    switch content {
    case .vectors(let input): result.content = .vectors(transform(input))
    case .tokens: break
    case .embedded(let grid, let table): result.content = .embedded(grid, table: transform(table))
    }
    return result
  }

  /// The same with vectors in place of a table with more rows than there are places in the batch: looking up products would be
  /// more work than the products.
  var withoutLongTable: SequenceInput {
    guard part == nil, case .embedded(let grid, let table) = content, table.shape[0] > grid.ids.count else {
      return self
    }
    var result = self
    result.content = .vectors(table.gatherRows(grid.ids).reshaped([grid.time, grid.batch, table.shape[1]]))
    return result
  }

  /// Whether these are vectors, and not tokens that stand for such.
  var areVectors: Bool { if case .vectors = content { true } else { false } }

  /// What gradients flow through: the vectors, or the table of them.
  var variable: Variable<Scalar>? {
    switch content {
    case .vectors(let variable), .embedded(_, let variable): variable
    case .tokens: nil
    }
  }
}

extension Variable {
  /// [time, batch, features] with zeros behind the end of each sequence.
  func withoutPadding(_ lengths: SequenceLengths) -> Variable {
    keepingPlaces(lengths.mask)
  }

  /// Of [time, batch, features] the places of [time · batch] for which the mask holds, and those of another variable of the
  /// same shape, or zeros, for the others.
  func keepingPlaces(_ mask: [Bool], else other: Variable? = nil) -> Variable {
    let (rows, shape) = ([mask.count, shape[2]], shape.dimensions)
    let own = reshaped(rows)
    return (other.map { own.keepingRows(mask, else: $0.reshaped(rows)) } ?? own.keepingRows(mask)).reshaped(shape)
  }
}
