import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Stacks of layers are on a device what they are on the host.
@Suite(.enabled(if: hasDevice))
struct DeviceStackTests {
  private let time = 5
  private let batch = 3

  /// Outputs, final states, penalties and every gradient of a pass of training.
  private func expectAgreement<Cell: RecurrentCell<Double>>(
    _ stack: StackedRecurrent<Cell>, lengths: SequenceLengths? = nil, _ label: String
  ) throws {
    try expectSame("\(label), ragged \(lengths != nil), seed 3", within: 1e-12) { device in
      var random = RandomSource(seed: 3)
      let input = Tensor<Double>.normal([time, batch, stack.cells[0].inputSize], using: &random)
      let model = try stack.bound().on(device)
      let tape = Tape<Double>()
      var context = ForwardContext(
        tape: tape, mode: .training, random: RandomSource(seed: 4), workspace: Workspace(device: device))
      let x = tape.watch(try input.on(device))
      let (outputs, final) = model.run(.vectors(x, lengths: lengths), in: &context)
      let gradients = loss(outputs, final.flatMap(\.components), of: .both).gradients()
      return [("outputs", outputs.value), ("gradient of the input", gradients[x])]
        + final.flatMap(\.components).enumerated().map { ("component \($0)", $1.value) }
        + model.parameters.map { ("gradient of \($0.name)", gradients[$0.parameter]) }
    }
  }

  private func cells<Cell: RecurrentCell<Double>>(
    like first: Cell, _ kind: SampleCell, inputs: [Int], using random: inout RandomSource
  ) -> [Cell] {
    inputs.map { kind.random(input: $0, hidden: 4, using: &random) as! Cell }
  }

  @Test(arguments: SampleCell.allCases)
  func bidirectionalStacksWithDropoutAgreeWithTheHost(kind: SampleCell) throws {
    func check<Cell: RecurrentCell<Double>>(_ first: Cell, using random: inout RandomSource) throws {
      let forward = cells(like: first, kind, inputs: [3, 8], using: &random)
      let backward = cells(like: first, kind, inputs: [3, 8], using: &random)
      let stack = StackedRecurrent(forward, reverse: backward, options: StackOptions(dropout: 0.4))
      for lengths in [nil, try SequenceLengths([2, 5, 1], time: time)] {
        try expectAgreement(stack, lengths: lengths, "")
      }
    }
    var random = RandomSource(seed: 1)
    try check(kind.random(input: 3, hidden: 4, using: &random), using: &random)
  }

  private static let options = [
    StackOptions(dropout: 0.4, dropoutIsLocked: true), StackOptions(weightDrop: 0.4),
    StackOptions(dropout: 0.3, dropoutIsLocked: true, weightDrop: 0.3, residual: true),
    StackOptions(learnsInitialState: true),
  ]

  @Test(arguments: SampleCell.sweptWithRecurrentWeight)
  func regularizedStacksAgreeWithTheHost(kind: SampleCell) throws {
    func check<Cell: RecurrentCell<Double>>(_ first: Cell, using random: inout RandomSource) throws {
      let cells = cells(like: first, kind, inputs: [4, 4], using: &random)
      for options in Self.options {
        var stack = StackedRecurrent(cells, options: options).bound()
        var drawn = RandomSource(seed: 5)
        stack.updateParameters { parameter, name in
          guard name.hasPrefix("initial") else { return }
          parameter.value = .randomState(name, parameter.shape, in: -1..<1, using: &drawn)
        }
        try expectAgreement(stack, lengths: try SequenceLengths([2, 5, 1], time: time), "\(options)")
      }
      try expectAgreement(StackedRecurrent(cells.map { Unrolled($0) }, options: Self.options[2]), "unrolled")
    }
    var random = RandomSource(seed: 2)
    try check(kind.random(input: 4, hidden: 4, using: &random), using: &random)
  }

  /// A cell written of operations on variables alone, with a trained initial state.
  @Test func aCellOfOnesOwnAgreesWithTheHost() throws {
    var random = RandomSource(seed: 5)
    let cell = MinimalGatedCell(input: 3, hidden: 4).drawn(using: &random)
    try expectSame("seed 5", within: 1e-12) { device in
      let model = try StackedRecurrent([cell]).bound().on(device)
      let tape = Tape<Double>()
      var context = ForwardContext(tape: tape, workspace: Workspace(device: device))
      var drawn = RandomSource(seed: 6)
      let x = tape.watch(try Tensor<Double>.normal([time, batch, 3], using: &drawn).on(device))
      let outputs = model.run(.vectors(x), in: &context).outputs
      let gradients = projection(outputs).gradients()
      return [("outputs", outputs.value), ("gradient of the input", gradients[x])]
        + model.parameters.map { ("gradient of \($0.name)", gradients[$0.parameter]) }
    }
  }

  /// A layer that reads [batch, time, features]: all outputs or the last ones, of directions side by side or added up.
  @Test(arguments: [Recurrent<GRUCell<Double>>.Output.last, .all], [StackOptions.Merging.concatenate, .sum])
  func recurrentLayersAgreeWithTheHost(output: Recurrent<GRUCell<Double>>.Output, merging: StackOptions.Merging) throws
  {
    var random = RandomSource(seed: 7)
    let cells = (0..<2).map { _ in GRUCell<Double>(input: 3, hidden: 4).drawn(using: &random) }
    let stack = StackedRecurrent([cells[0]], reverse: [cells[1]], options: StackOptions(merging: merging))
    let layer = Recurrent(stack, returning: output).bound()
    for (batch, lengths) in [(batch, nil), (batch, try SequenceLengths([2, 5, 1], time: time)), (0, nil)] {
      let input = sample([batch, time, 3], of: Double.self)
      try expectSame("\(batch) sequences, ragged \(lengths != nil), seed 7", within: 1e-12) { device in
        let model = try layer.on(device)
        let tape = Tape<Double>()
        var context = ForwardContext(tape: tape, mode: .training, workspace: Workspace(device: device))
        context.lengths = lengths
        let x = tape.watch(try input.on(device))
        let outputs = model(x, in: &context)
        let gradients = outputs.isRecorded ? projection(outputs).gradients() : nil
        return [("outputs", outputs.value), ("gradient of the input", gradients?[x])]
          + model.parameters.map { ("gradient of \($0.name)", gradients?[$0.parameter]) }
      }
    }
  }

  @Test func penaltiesOnActivationsAgreeWithTheHost() throws {
    let outputs = sample([time, batch, 4], of: Double.self)
    for lengths in [nil, try SequenceLengths([2, 5, 1], time: time)] {
      try expectSame("ragged \(lengths != nil)", within: 1e-13) { device in
        let x = Tape<Double>().watch(try outputs.on(device))
        let size = activationRegularization(x, weight: 2, lengths: lengths)
        let change = temporalActivationRegularization(x, weight: 3, lengths: lengths)
        return [("size", size.value), ("change", change.value), ("gradient", (size + change).gradients()[x])]
      }
    }
  }

  @Test func normsOfGradientsThroughTimeAgreeWithTheHost() throws {
    var random = RandomSource(seed: 8)
    let stack = StackedRecurrent([LSTMCell<Double>(input: 3, hidden: 4).drawn(using: &random)]).bound()
    let input = sample([time, batch, 3], of: Double.self)
    func norms(on device: Device) throws -> [StateGradientNorms] {
      var context = ForwardContext(tape: Tape<Double>(), workspace: Workspace(device: device))
      let x = Variable(try input.on(device))
      return try stack.on(device).gradientNorms(over: .vectors(x), in: &context) { outputs, _, _ in projection(outputs)
      }
    }
    for (found, expected) in zip(try norms(on: .openCL(#require(testDevice))), try norms(on: .cpu)) {
      #expect(found.component == expected.component)
      for (found, expected) in zip(found.norms, expected.norms) { #expect(abs(found - expected) < 1e-12, "seed 8") }
    }
  }

  /// A model, its input and its workspace are in one place; the message names both where they are not.
  @Test func whatIsInTwoPlacesStopsTheProgram() async throws {
    let device = try #require(testDevice)
    let workspace = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try runInPlaces(model: testDevice, input: testDevice, workspace: nil)
    }
    expectMessage("operands are on the CPU and \(device); copy one of them with on(_:)", from: workspace)
    let model = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try runInPlaces(model: nil, input: testDevice, workspace: testDevice)
    }
    expectMessage("operands are on \(device) and the CPU; copy one of them with on(_:)", from: model)
    let input = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try runInPlaces(model: testDevice, input: nil, workspace: testDevice)
    }
    expectMessage("operands are on \(device) and the CPU; copy one of them with on(_:)", from: input)
  }
}

/// Runs a stack whose parts are on devices, or on the host where there is none.
private func runInPlaces(model: OpenCLDevice?, input: OpenCLDevice?, workspace: OpenCLDevice?) throws {
  func place(_ device: OpenCLDevice?) -> Device { device.map { .openCL($0) } ?? .cpu }
  var random = RandomSource(seed: 1)
  let stack = try StackedRecurrent([LSTMCell<Double>(input: 3, hidden: 4).drawn(using: &random)]).on(place(model))
  var context = ForwardContext(workspace: Workspace<Double>(device: place(workspace)))
  _ = stack.run(.vectors(Variable(try sample([2, 1, 3], of: Double.self).on(place(input)))), in: &context)
}
