import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCheckpoints
import TensorCore
import Testing

/// The fused or the unrolled pass.
enum RecurrentPass: CaseIterable, Sendable { case fused, unrolled }

/// Results of our cells on a case of PyTorch's, with its weights.
struct RecurrentRun<Scalar: TensorScalar & StoredValue> {
  /// `outputs`, `final/hidden` and, where there are further components of the state, `final/cell` and so on.
  private(set) var results: [String: Tensor<Scalar>] = [:]
  /// By the name of what the loss is differentiated with respect to; nothing stands here for what gets none.
  private(set) var gradients: [String: Tensor<Scalar>] = [:]

  init(_ reference: RecurrentCase, _ pass: RecurrentPass, on device: Device = .cpu) throws {
    let configuration = reference.configuration
    let (hidden, bias) = (configuration.hidden, configuration.bias)
    switch configuration.cell {
    case "rnn": try self.init(reference, pass, on: device) { ElmanCell(input: $0, hidden: hidden, bias: bias) }
    case "rnn-relu":
      try self.init(reference, pass, on: device) { ElmanCell(input: $0, hidden: hidden, activation: .relu, bias: bias) }
    case "lstm":
      try self.init(reference, pass, on: device) {
        LSTMCell(input: $0, hidden: hidden, projection: configuration.projection, bias: bias)
      }
    case "gru": try self.init(reference, pass, on: device) { GRUCell(input: $0, hidden: hidden, bias: bias) }
    case "slstm":
      try self.init(reference, pass, on: device) {
        SLSTMCell(input: $0, hidden: hidden, heads: configuration.heads ?? 1, bias: bias)
      }
    case let other: fatalError("the fixture has a cell called \(other)")
    }
  }

  private init<Cell: RecurrentCell<Scalar>>(
    _ reference: RecurrentCase, _ pass: RecurrentPass, on device: Device, makeCell: (_ inputSize: Int) -> Cell
  ) throws {
    let configuration = reference.configuration
    let width = (configuration.projection ?? configuration.hidden) * (configuration.bidirectional ? 2 : 1)
    let cells = (0..<configuration.layers).map { makeCell($0 == 0 ? configuration.input : width) }
    let reverse = configuration.bidirectional ? cells : []
    switch pass {
    case .fused: try self.init(reference, StackedRecurrent(cells, reverse: reverse), on: device)
    case .unrolled:
      try self.init(
        reference, StackedRecurrent(cells.map(Unrolled.init), reverse: reverse.map(Unrolled.init)), on: device)
    }
  }

  private init<Cell: RecurrentCell<Scalar>>(
    _ reference: RecurrentCase, _ stack: StackedRecurrent<Cell>, on device: Device
  ) throws {
    var stack = stack
    stack.bind()
    stack.updateParameters { parameter, name in parameter.value = reference.tensor(name)! }
    try stack.move(to: device)

    let tape = Tape<Scalar>()
    var context = ForwardContext(tape: tape, workspace: Workspace(device: device))
    var watched: [String: Variable<Scalar>] = [:]
    for name in ["input"] + Cell.State.componentNames {
      watched[name] = try reference.tensor(name).map { tape.watch(try $0.on(device)) }
    }
    let initial: [Cell.State]? =
      reference.configuration.state
      ? (stack.cells + stack.reverseCells).indices.map { place in
        Cell.State(components: Cell.State.componentNames.map { watched[$0]!.row(place) })
      } : nil

    let (outputs, final) = try stack.run(reference.input(watched["input"]), from: initial, in: &context)
    var results = ["outputs": outputs]
    func seed(_ name: String) throws -> Variable<Scalar> {
      Variable(try #require(reference.tensor("seed/" + name)).on(device))
    }
    var loss = (outputs * (try seed("outputs"))).sum()
    for (index, name) in Cell.State.componentNames.enumerated() {
      let component = Variable.stack(final.map { $0.components[index] })
      results["final/" + name] = component
      loss = loss + (component * (try seed(name))).sum()
    }
    let found = loss.gradients()
    self.results = try results.mapValues { try $0.value.on(.cpu) }
    gradients = try watched.compactMapValues { try found[$0]?.on(.cpu) }
    for (name, parameter) in stack.parameters { gradients[name] = try found[parameter]?.on(.cpu) }
  }

  /// Distance of each result and gradient from PyTorch's, relative to the largest value of PyTorch's tensor; infinitely where it
  /// is no number.
  func differences(from reference: RecurrentCase) throws -> [(name: String, relative: Double)] {
    let found = results.merging(gradients.map { ("gradient/" + $0, $1) }) { $1 }
    return try found.sorted { $0.key < $1.key }.map { name, found in
      let expected: Tensor<Double> = try #require(reference.tensor(name), "PyTorch has no \(name)")
      try #require(found.shape == expected.shape, "\(name)")
      guard found.scalars.allSatisfy(\.isFinite) else { return (name, .infinity) }
      let difference = zip(found.scalars, expected.scalars).map { abs(Double($0) - $1) }.max() ?? 0
      return (name, difference == 0 ? 0 : difference / expected.absolute().max().scalar)
    }
  }
}
