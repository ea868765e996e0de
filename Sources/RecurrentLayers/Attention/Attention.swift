import Autograd
import NeuralLayers
import TensorCore

/// Attention: for each query a mean of the vectors of a memory, weighted by how well each goes with the query,
///
///     weights[t, s] = softmax over s of score(query[t], memory[s]),   context[t] = Σ_s weights[t, s] · memory[s]
///
/// Legend: T queries, S vectors of the memory, B batch, Q width of a query, M of the memory. Memory cost in training: three
/// times T·B·S for `dot` and `general`, and 2·T·S·B·units besides for `additive`.
public struct Attention<Scalar: TensorScalar>: Module {
  /// Function that scores a query q against a vector m of the memory.
  public enum Score: Sendable, Equatable {
    /// qᵀ·m (Luong, Pham and Manning, 2015); both are of one width.
    case dot
    /// qᵀ·W·m (Luong, Pham and Manning, 2015, equation 8).
    case general
    /// vᵀ·tanh(W·q + U·m) (Bahdanau, Cho and Bengio, 2015, appendix A.1.2), with so many rows of W and U.
    case additive(units: Int)
  }

  public let score: Score
  /// W: of `general` [M, Q], of `additive` [units, Q].
  public var query: Dense<Scalar>?
  /// U, [units, M], of `additive`.
  public var key: Dense<Scalar>?
  /// v, [1, units], of `additive`.
  public var scoring: Dense<Scalar>?

  /// Attention whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - query: width of a query.
  ///   - memory: width of a vector of the memory.
  public init(_ score: Score, query: Int, memory: Int) {
    require(query > 0 && memory > 0, "Attention: queries of width \(query) and a memory of width \(memory)")
    self.score = score
    switch score {
    case .dot:
      require(
        query == memory, "Attention: queries of width \(query) for a memory of width \(memory), and dot takes one")
    case .general: self.query = Dense(query, memory, bias: false)
    case .additive(let units):
      self.query = Dense(query, units, bias: false)
      key = Dense(memory, units, bias: false)
      scoring = Dense(units, 1, bias: false)
    }
  }

  /// Vectors to attend to, with what is computed of them once for all queries.
  ///
  /// - Parameters:
  ///   - values: [S, B, M].
  ///   - lengths: how many of each sequence there are; what stands after them counts nowhere.
  public func memory(
    _ values: Variable<Scalar>, lengths: SequenceLengths? = nil, in context: inout ForwardContext<Scalar>
  ) -> AttentionMemory<Scalar> {
    AttentionMemory(values, lengths: lengths) { values in key?(values, in: &context) ?? values.permuted([1, 0, 2]) }
  }

  /// The context and the weights of queries.
  ///
  /// - Parameter queries: [T, B, Q].
  /// - Returns: the context, [T, B, M]; and the weights, [T, B, S], which add up to 1 for each query.
  public func callAsFunction(
    _ queries: Variable<Scalar>, over memory: AttentionMemory<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (context: Variable<Scalar>, weights: Variable<Scalar>) {
    if queries.shape.rank != 3 || queries.shape[1] != memory.values.shape[1] {
      shapeFailure(
        "Attention", queries.shape, memory.values.shape, hint: "queries [T, B, Q] and a memory [S, B, M] of one batch")
    }
    let own = query.map { $0(queries, in: &context) } ?? queries
    var scores: Variable<Scalar>
    if let scoring {
      let (time, batch, units) = (own.shape[0], own.shape[1], own.shape[2])
      let sums = own.reshaped([time, 1, batch, units]) + memory.keys
      scores = scoring(sums.tanh(), in: &context).reshaped([time, memory.values.shape[0], batch]).permuted([0, 2, 1])
    } else {
      scores = locallyLinear(own, weight: memory.keys, in: context)
    }
    if let mask = memory.mask { scores = scores + Variable(mask) }
    let weights = scores.softmax()
    return (locallyLinear(weights, weight: memory.columns, in: context), weights)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    if query != nil { try visitor.visit(&query!, "query") }
    if key != nil { try visitor.visit(&key!, "key") }
    if scoring != nil { try visitor.visit(&scoring!, "scoring") }
  }
}

/// Vectors that queries attend to; see `Attention.memory`.
public struct AttentionMemory<Scalar: TensorScalar> {
  /// [S, B, M], zeros after the end of each sequence.
  public let values: Variable<Scalar>
  public let lengths: SequenceLengths?
  /// The values, [B, M, S].
  let columns: Variable<Scalar>
  /// Term of the scores, [1, B, S]: 0, and after the end of each sequence so little that the weight is 0; nil where all have one
  /// length.
  let mask: Tensor<Scalar>?
  /// Side of the memory in the scores: [S, B, units] of `additive`, else the values, [B, S, M].
  let keys: Variable<Scalar>

  init(_ values: Variable<Scalar>, lengths: SequenceLengths?, keys: (Variable<Scalar>) -> Variable<Scalar>) {
    if values.shape.rank != 3 || lengths.map({ $0.time != values.shape[0] || $0.count != values.shape[1] }) ?? false {
      shapeFailure(
        "Attention.memory", values.shape, lengths.map { [$0.time, $0.count] } ?? [],
        hint: "a memory [S, B, M] with lengths of the same batch")
    }
    self.values = lengths.map { values.withoutPadding($0) } ?? values
    self.lengths = lengths
    columns = self.values.permuted([1, 2, 0])
    mask = lengths.map { lengths in
      let terms = lengths.steps.flatMap { count in (0..<lengths.time).map { $0 < count ? 0 : Scalar(-1e30) } }
      return Tensor(terms, shape: [1, lengths.count, lengths.time], beside: values.value)
    }
    self.keys = keys(self.values)
  }
}
