import Autograd
import NeuralLayers
import TensorCore

/// Recurrent cells as a layer among others, for samples that are sequences, [batch, time, features].
///
///     Sequential {
///       Recurrent(LSTMCell(input: 3, hidden: 16))
///       Dense(16, 4)
///     }
///
/// Inside, sequences are time-major, as everywhere. The state is the initial one at the start of each sequence, and the
/// last output that of each sequence's own last step (`context.lengths`): of its first step for cells that read backward. Cells
/// of one `Recurrent` are of one type; for others put two, the lower one `returning: .all`.
public struct Recurrent<Cell: RecurrentCell>: Layer {
  public typealias Scalar = Cell.Scalar

  public enum Output: Sendable {
    /// Output after the last step, [batch, outputSize] (see `StackedRecurrent.runToEnd`).
    case last
    /// Outputs of all steps, [batch, time, outputSize].
    case all
  }

  /// Layers, the lowest first.
  public var stack: StackedRecurrent<Cell>
  public let output: Output

  /// - Parameter dropout: probability that an output of a layer below the top is dropped in training.
  /// - Precondition: there is a cell, and each one's input is as wide as the output of the one below; a dropout above 0
  ///   takes two cells.
  public init(_ cells: Cell..., dropout: Double = 0, returning output: Output = .last) {
    self.init(StackedRecurrent(cells, dropout: dropout), returning: output)
  }

  /// A stack as a layer.
  ///
  /// - Parameter output: the last output, or all.
  public init(_ stack: StackedRecurrent<Cell>, returning output: Output = .last) {
    self.stack = stack
    self.output = output
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    if input.shape.rank != 3 {
      shapeFailure("Recurrent", input.shape, hint: "the input must be [batch, time, \(stack.cells[0].inputSize)]")
    }
    if input.shape[0] == 0 {
      let width = stack.outputSize
      return Variable(.zeros(output == .last ? [0, width] : [0, input.shape[1], width], beside: input.value))
    }
    let sequence = SequenceInput.vectors(input.permuted([1, 0, 2]), lengths: context.lengths)
    switch output {
    case .last:
      context.lengths = nil
      return stack.runToEnd(sequence, in: &context).output
    case .all: return stack.run(sequence, in: &context).outputs.permuted([1, 0, 2])
    }
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try stack.visitParameters(&visitor)
  }
}

extension LayerBuilder {
  @available(*, unavailable, message: "a cell is no layer by itself: wrap it in Recurrent(…)")
  public static func buildExpression<C: RecurrentCell<Scalar>>(_ cell: C) -> [any Layer<Scalar>] { [] }
}
