import Autograd
import TensorCore

/// Input of a recurrent layer: a batch of sequences of vectors, or of tokens that stand for vectors. Lengths may
/// differ.
public struct SequenceInput<Scalar: TensorScalar> {
  enum Content {
    case vectors(Variable<Scalar>)
    case tokens(TokenGrid)
    case embedded(TokenGrid, table: Variable<Scalar>)
  }

  var content: Content
  /// Steps of each sequence; nil where all have as many as the batch.
  public let lengths: SequenceLengths?
  /// Positions at which the state is reset; nil for none.
  public internal(set) var resets: StateResets?

  /// Vectors, [time, batch, features].
  public static func vectors(_ input: Variable<Scalar>, lengths: SequenceLengths? = nil) -> SequenceInput {
    SequenceInput(content: .vectors(input), lengths: lengths)
  }

  /// One-hot vectors, given by the index of their 1; their products with weights are look-ups.
  public static func tokens(_ grid: TokenGrid, lengths: SequenceLengths? = nil) -> SequenceInput {
    SequenceInput(content: .tokens(grid), lengths: lengths)
  }

  /// Vectors given by their rows in a table, [tokens, features].
  public static func embedded(
    _ grid: TokenGrid, table: Variable<Scalar>, lengths: SequenceLengths? = nil
  ) -> SequenceInput { SequenceInput(content: .embedded(grid, table: table), lengths: lengths) }

  /// This input with resets. A run traps unless they are for as many steps and sequences.
  public func resetting(at resets: StateResets) -> SequenceInput {
    var result = self
    result.resets = resets
    return result
  }

  /// Number of steps.
  public var time: Int {
    switch content {
    case .vectors(let input): input.shape[0]
    case .tokens(let grid), .embedded(let grid, _): grid.time
    }
  }

  /// Number of sequences.
  public var batch: Int {
    switch content {
    case .vectors(let input): input.shape[1]
    case .tokens(let grid), .embedded(let grid, _): grid.batch
    }
  }

  /// This input with neutral padding: vectors of zeros, tokens of id 0, no resets.
  ///
  /// Traps unless this is a sequence of at least one step for a cell of the given input size, with lengths and resets
  /// of the same batch.
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

  /// This input as constants: no gradient flows through it.
  func detached() -> SequenceInput { mappingVariable { $0.detached() } }

  /// This input with another variable in place of its vectors or its table.
  func mappingVariable(_ transform: (Variable<Scalar>) -> Variable<Scalar>) -> SequenceInput {
    var result = self
    switch content {
    case .vectors(let input): result.content = .vectors(transform(input))
    case .tokens: break
    case .embedded(let grid, let table): result.content = .embedded(grid, table: transform(table))
    }
    return result
  }

  /// This input with vectors in place of a table of more rows than the batch has positions.
  var withoutLongTable: SequenceInput {
    guard case .embedded(let grid, let table) = content, table.shape[0] > grid.ids.count else { return self }
    var result = self
    result.content = .vectors(table.gatherRows(grid.ids).reshaped([grid.time, grid.batch, table.shape[1]]))
    return result
  }

  /// Whether the input is vectors, not tokens.
  var areVectors: Bool { if case .vectors = content { true } else { false } }

  /// Vectors or table, through which gradients flow; nil for one-hot tokens.
  var variable: Variable<Scalar>? {
    switch content {
    case .vectors(let variable), .embedded(_, let variable): variable
    case .tokens: nil
    }
  }
}

extension Variable {
  /// The outputs, [time, batch, features], with zeros after the end of each sequence.
  func withoutPadding(_ lengths: SequenceLengths) -> Variable {
    keepingPositions(lengths.mask)
  }

  /// Features at the positions, [time · batch], at which the mask holds; elsewhere those of another variable of the
  /// same shape, or zeros.
  func keepingPositions(_ mask: [Bool], else other: Variable? = nil) -> Variable {
    let (rows, shape) = ([mask.count, shape[2]], shape.dimensions)
    let own = reshaped(rows)
    return (other.map { own.keepingRows(mask, else: $0.reshaped(rows)) } ?? own.keepingRows(mask)).reshaped(shape)
  }
}
