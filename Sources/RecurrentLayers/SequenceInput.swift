import Autograd
import TensorCore

/// Token ids of several sequences side by side, time-major: the id of sequence b at time t is `ids[t * batch + b]`.
public struct TokenGrid: Sendable, Equatable {
  public let ids: [Int32]
  public let time: Int
  public let batch: Int

  /// - Precondition: there are time × batch ids.
  public init(ids: [Int32], time: Int, batch: Int) {
    require(ids.count == time * batch, "TokenGrid: \(ids.count) ids for \(time) steps of \(batch) sequences")
    self.ids = ids
    self.time = time
    self.batch = batch
  }

  /// Traps on an id that is none of so many tokens.
  func validate(tokens: Int) {
    if let bad = ids.first(where: { $0 < 0 || $0 >= tokens }) {
      programmingError("recurrent layer: the token \(bad) is none of the \(tokens) that it was made for")
    }
  }
}

/// What a recurrent layer reads: vectors, or tokens that stand for one-hot vectors.
public enum SequenceInput<Scalar: TensorScalar> {
  /// [time, batch, features].
  case vectors(Variable<Scalar>)
  /// One-hot vectors given by the place of their 1; their products with weights are look-ups.
  case tokens(TokenGrid)
  /// Vectors given by their rows in a table, [tokens, features].
  case embedded(TokenGrid, table: Variable<Scalar>)

  /// How many steps there are.
  public var time: Int {
    switch self {
    case .vectors(let input): input.shape[0]
    case .tokens(let grid), .embedded(let grid, _): grid.time
    }
  }

  /// How many sequences run side by side.
  public var batch: Int {
    switch self {
    case .vectors(let input): input.shape[1]
    case .tokens(let grid), .embedded(let grid, _): grid.batch
    }
  }

  /// Traps unless this is a sequence, of one step at least, for a cell of the given input size.
  func validate(inputSize: Int) {
    switch self {
    case .vectors(let input):
      if input.shape.rank != 3 || input.shape[2] != inputSize {
        shapeFailure("recurrent layer", input.shape, hint: "the input must be [time, batch, \(inputSize)]")
      }
    case .tokens(let grid): grid.validate(tokens: inputSize)
    case .embedded(let grid, let table):
      if table.shape.rank != 2 || table.shape[1] != inputSize {
        shapeFailure("recurrent layer", table.shape, hint: "the table must be [tokens, \(inputSize)]")
      }
      grid.validate(tokens: table.shape[0])
    }
    require(time > 0, "recurrent layer: the sequence has no steps")
    require(batch > 0, "recurrent layer: there is no sequence in the batch")
  }

  /// The same without what gradients flow through.
  func detached() -> SequenceInput {
    switch self {
    case .vectors(let input): .vectors(input.detached())
    case .tokens(let grid): .tokens(grid)
    case .embedded(let grid, let table): .embedded(grid, table: table.detached())
    }
  }

  /// What gradients flow through: the vectors, or the table of them.
  var variable: Variable<Scalar>? {
    switch self {
    case .vectors(let variable), .embedded(_, let variable): variable
    case .tokens: nil
    }
  }
}
