import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct ParameterTests {
  /// The parameters, by name, of two layers and what reads their outputs.
  private func parameters(
    _ kind: SampleCell, input: Int, hidden: Int, bias: Bool, unrolled: Bool = false, seed: UInt64
  ) -> [(name: String, parameter: Parameter<Float>)] {
    var random = RandomSource(seed: seed)
    func model<Cell: RecurrentCell<Float>>(_ below: Cell, _ above: any RecurrentCell<Float>) -> any Module<Float> {
      let decoder = Dense<Float>(hidden, input).drawn(using: &random)
      let cells = [below, above as! Cell]
      return unrolled
        ? SequenceModel(rnn: StackedRecurrent(cells.map { Unrolled($0) }), decoder: decoder)
        : SequenceModel(rnn: StackedRecurrent(cells), decoder: decoder)
    }
    let below = kind.make(Float.self, input: input, hidden: hidden, bias: bias).drawn(using: &random)
    return model(below, kind.make(Float.self, input: hidden, hidden: hidden, bias: bias).drawn(using: &random))
      .parameters
  }

  @Test(arguments: SampleCell.allCases, [false, true])
  func namesAndShapesArePyTorchs(kind: SampleCell, unrolled: Bool) {
    for bias in [true, false] {
      let parameters = parameters(kind, input: 3, hidden: 4, bias: bias, unrolled: unrolled, seed: 1)
      let own = [3, 4].map { kind.parameters(input: $0, hidden: 4, bias: bias) }
      let names = own.enumerated().flatMap { layer, own in own.map { "rnn.\($0.name)_l\(layer)" } }
      #expect(parameters.map(\.name) == names + ["decoder.weight", "decoder.bias"])
      #expect(parameters.map(\.parameter.value.shape.dimensions) == own.joined().map(\.shape) + [[3, 4], [3]])
    }
  }

  @Test(arguments: [(SampleCell.lstm, 240_321), (.gru, 182_337), (.elmanTanh, 66_369)])
  func theDefaultModelHasThisManyParameters(kind: SampleCell, count: Int) {
    let parameters = parameters(kind, input: 65, hidden: 128, bias: true, seed: 1)
    #expect(parameters.reduce(0) { $0 + $1.parameter.value.count } == count)
  }

  @Test(arguments: SampleCell.allCases)
  func weightsStartAsDocumented(kind: SampleCell) {
    var random = RandomSource(seed: 2)
    let hidden = 16
    let cell = kind.make(Double.self, input: 50, hidden: hidden).drawn(using: &random)
    let values = Dictionary(uniqueKeysWithValues: cell.parameters.map { ($0.name, $0.parameter.value) })
    // LeCun's uniform: ±√(3 / inputs).
    let (inputWeight, recurrentWeight) = (values["weight_ih"]!, values["weight_hh"])
    let (largest, bound) = (inputWeight.absolute().max().scalar, (3.0 / 50).squareRoot())
    #expect(largest <= bound && largest > 0.97 * bound, "seed 2")
    let errorOfMean = bound / Double(3 * inputWeight.count).squareRoot()
    #expect(abs(inputWeight.mean().scalar) < 5 * errorOfMean, "seed 2")
    if let recurrentWeight, recurrentWeight.rank == 2 {
      let width = recurrentWeight.shape[1]
      for first in stride(from: 0, to: recurrentWeight.shape[0], by: width) {
        let block = recurrentWeight.rows(first..<first + width)
        let product = block.matmul(block, transposingOther: true) - .identity(width)
        #expect(product.absolute().max().scalar < 1e-13, "rows from \(first), seed 2")
      }
    }
    for (name, value) in values where value.rank == 1 {
      if name == "weight_hh" {
        let largest = value.absolute().max().scalar
        #expect(largest <= 1 && largest > 0.8, "\(name): uniform, ±1, seed 2")
      } else if name == "bias_ih" || name == "layernorm_i.bias", let gate = kind.forgetGate {
        let parts = (0..<kind.gates).map { Tensor<Double>.full([hidden], $0 == gate ? 1 : 0) }
        #expect(value == .concatenate(parts), "\(name): forget gates start open")
      } else {
        #expect(value == .full(value.shape, name.hasSuffix(".weight") ? 1 : 0), "\(name)")
      }
    }
  }

  @Test func forgetBiasesThatWereLoadedStay() {
    var random = RandomSource(seed: 4)
    var stack = StackedRecurrent([LSTMCell<Float>(input: 3, hidden: 2).drawn(using: &random)])
    stack.updateParameters { parameter, _ in parameter.value = .full(parameter.value.shape, 0.25) }
    stack.bind()
    var context = ForwardContext<Float>()
    _ = stack.run(.vectors(Variable(.ones([2, 1, 3]))), in: &context)
    #expect(stack.parameters.allSatisfy { $0.parameter.value == .full($0.parameter.value.shape, 0.25) })
  }

  @Test func drawingAgainGivesWhatAFreshCellHas() {
    var (random, same) = (RandomSource(seed: 5), RandomSource(seed: 5))
    let fresh = StackedRecurrent([LSTMCell<Float>(input: 3, hidden: 2).drawn(using: &random)])
    var other = StackedRecurrent([LSTMCell<Float>(input: 3, hidden: 2)])
    #expect(other.parameters.map(\.parameter.isDrawn) == [false, false, true, true])
    other.initialize(using: &same)
    #expect(other.parameters.map(\.parameter.value) == fresh.parameters.map(\.parameter.value))
  }

  @Test(arguments: SampleCell.allCases)
  func aGradientReachesEveryParameter(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) {
      let cell = cell.bound()
      #expect(cell.parameters.map(\.parameter.slot) == Array(0..<cell.parameters.count))
      var context = ForwardContext(tape: Tape<Double>())
      let state = cell.initialState(batchSize: 2, in: &context)
      let (outputs, _) = cell.run(.vectors(Variable(.ones([3, 2, 3]))), from: state, in: &context)
      let gradients = projection(outputs, seed: 1).gradients()
      for (name, parameter) in cell.parameters { #expect(gradients[parameter]!.sumOfSquares() > 0, "\(name), seed 6") }
    }
    var random = RandomSource(seed: 6)
    check(kind.random(input: 3, hidden: 4, using: &random))
  }

  @Test func aCellWithoutUnitsTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = GRUCell<Float>(input: 3, hidden: 0)
    }
    expectMessage("a recurrent cell cannot have 3 inputs and 0 hidden units", from: result)
  }
}
