import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Every cell computes on a device what it computes on the host.
@Suite(.enabled(if: hasDevice))
struct DeviceCellTests {
  private let device: Device

  init() throws { device = .openCL(try #require(testDevice)) }

  @Test(arguments: SampleCell.allCases)
  func fusedPassesAgreeWithTheHost(kind: SampleCell) throws {
    func check<Scalar, Cell: RecurrentCell<Scalar>>(
      _ cell: Cell, _ point: SequencePoint<Scalar>, tolerance: Scalar
    ) throws {
      for tokens in [false, true] {
        let found = try SequenceRun(cell, on: point, tokens: tokens, device: device, seed: 2)
        let expected = SequenceRun(cell, on: point, tokens: tokens, seed: 2)
        #expect(
          found.differences(from: expected, tolerance: tolerance) == [], "\(Scalar.self), tokens \(tokens), seed 1")
      }
    }
    func check<Scalar: TensorScalar>(_: Scalar.Type, tolerance: Scalar) throws {
      for (time, batch, hidden) in [(1, 1, 1), (3, 2, 4), (9, 5, 17)] {
        var random = RandomSource(seed: 1)
        let cell = kind.random(Scalar.self, input: 3, hidden: hidden, using: &random)
        try check(
          cell, SequencePoint(time: time, batch: batch, input: 3, hidden: hidden, using: &random), tolerance: tolerance)
      }
    }
    try check(Float.self, tolerance: 2e-5)
    try check(Double.self, tolerance: 1e-12)
  }

  @Test(arguments: SampleCell.allCases)
  func fusedAgreesWithUnrolled(kind: SampleCell) throws {
    func compare<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) throws {
      for tokens in [false, true] {
        let fused = try SequenceRun(cell, on: point, tokens: tokens, device: device, seed: 2)
        let unrolled = try SequenceRun(Unrolled(cell), on: point, tokens: tokens, device: device, seed: 2)
        #expect(fused.names == unrolled.names)
        #expect(fused.differences(from: unrolled, tolerance: 1e-10) == [], "seed 1")
      }
    }
    var random = RandomSource(seed: 1)
    let cell = kind.random(input: 3, hidden: 6, using: &random)
    try compare(cell, SequencePoint(time: 4, batch: 3, input: 3, hidden: 6, using: &random))
  }
}

/// Sequences that go through all steps in one launch.
@Suite(.enabled(if: hasDevice))
struct DeviceSequenceLaunchTests {
  static let kinds: [SampleCell] = [.elmanTanh, .elmanReLU, .lstm, .gru, .hardLSTM, .hardGRU]

  /// The bits are those of steps taken one by one.
  @Test(arguments: kinds)
  func oneLaunchGivesTheBitsOfSteps(kind: SampleCell) throws {
    let device = Device.openCL(try #require(testDevice))
    func check<Scalar, Cell: RecurrentCell<Scalar>>(_ cell: Cell, _ point: SequencePoint<Scalar>) throws {
      for tokens in [false, true] {
        let stepwise = try SequenceRun(cell, on: point, tokens: tokens, device: device, seed: 2)
        let whole = try SequenceRun(
          cell, on: point, tokens: tokens, device: device, launchesWholeSequences: true, seed: 2)
        #expect(whole.names == stepwise.names)
        #expect(
          whole.differences(from: stepwise) == [], "\(Scalar.self), \(point.input.shape), tokens \(tokens), seed 1")
      }
    }
    func check<Scalar: TensorScalar>(_: Scalar.Type) throws {
      for (time, batch, hidden) in [(1, 1, 1), (6, 3, 7), (4, 2, 65)] {
        var random = RandomSource(seed: 1)
        let cell = kind.random(Scalar.self, input: 3, hidden: hidden, using: &random)
        try check(cell, SequencePoint(time: time, batch: batch, input: 3, hidden: hidden, using: &random))
      }
    }
    try check(Float.self)
    try check(Double.self)
  }
}
