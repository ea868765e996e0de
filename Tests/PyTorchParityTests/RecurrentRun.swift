import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// Which of our two ways through time.
enum RecurrentPass: CaseIterable, Sendable { case fused, unrolled }

/// What our cells make of a case of PyTorch's, with its weights.
struct RecurrentRun<Scalar: TensorScalar & StoredValue> {
  /// `outputs`, `final/hidden` and, where there is one, `final/cell`.
  private(set) var results: [String: Tensor<Scalar>] = [:]
  /// By the name of what the loss is differentiated with respect to; nothing stands here for what gets none.
  private(set) var gradients: [String: Tensor<Scalar>] = [:]

  init(_ reference: RecurrentCase, _ pass: RecurrentPass) {
    let (hidden, bias) = (reference.configuration.hidden, reference.configuration.bias)
    switch reference.configuration.cell {
    case "rnn": self.init(reference, pass) { ElmanCell(input: $0, hidden: hidden, bias: bias) }
    case "rnn-relu": self.init(reference, pass) { ElmanCell(input: $0, hidden: hidden, activation: .relu, bias: bias) }
    case "lstm": self.init(reference, pass) { LSTMCell(input: $0, hidden: hidden, bias: bias) }
    case "gru": self.init(reference, pass) { GRUCell(input: $0, hidden: hidden, bias: bias) }
    case let other: fatalError("the fixture has a cell called \(other)")
    }
  }

  private init<Cell: RecurrentCell<Scalar>>(
    _ reference: RecurrentCase, _ pass: RecurrentPass, makeCell: (_ inputSize: Int) -> Cell
  ) {
    let cells = (0..<reference.configuration.layers).map { layer in
      makeCell(layer == 0 ? reference.configuration.input : reference.configuration.hidden)
    }
    switch pass {
    case .fused: self.init(reference, StackedRecurrent(cells))
    case .unrolled: self.init(reference, StackedRecurrent(cells.map(Unrolled.init)))
    }
  }

  private init<Cell: RecurrentCell<Scalar>>(_ reference: RecurrentCase, _ stack: StackedRecurrent<Cell>) {
    var stack = stack
    stack.bind()
    stack.updateParameters { parameter, name in parameter.value = reference.tensor(name)! }

    let tape = Tape<Scalar>()
    var context = ForwardContext(tape: tape)
    var watched: [String: Variable<Scalar>] = [:]
    for name in ["input"] + Cell.State.componentNames {
      watched[name] = reference.tensor(name).map(tape.watch)
    }
    let input = reference.tokens.map { SequenceInput.tokens($0) } ?? .vectors(watched["input"]!)
    let initial: [Cell.State]? =
      reference.configuration.state
      ? stack.cells.indices.map { layer in
        Cell.State(components: Cell.State.componentNames.map { watched[$0]!.row(layer) })
      } : nil

    let (outputs, final) = stack.run(input, from: initial, in: &context)
    var results = ["outputs": outputs]
    var loss = (outputs * Variable(reference.tensor("seed/outputs")!)).sum()
    for (index, name) in Cell.State.componentNames.enumerated() {
      let component = Variable.stack(final.map { $0.components[index] })
      results["final/" + name] = component
      loss = loss + (component * Variable(reference.tensor("seed/" + name)!)).sum()
    }
    let found = loss.gradients()
    self.results = results.mapValues(\.value)
    gradients = watched.compactMapValues { found[$0] }
    for (name, parameter) in stack.parameters { gradients[name] = found[parameter] }
  }
}
