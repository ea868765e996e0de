import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct FusedAgreementTests {
  @Test(arguments: SampleCell.withBiases)
  func fusedAgreesWithUnrolled(kind: SampleCell, biases: Biases) {
    func compare<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>, _ label: Comment) {
      for tokens in [false, true] {
        let fused = SequenceRun(cell, on: point, tokens: tokens, seed: 2)
        let unrolled = SequenceRun(Unrolled(cell), on: point, tokens: tokens, seed: 2)
        #expect(fused.names == unrolled.names)
        #expect(fused.differences(from: unrolled, tolerance: 1e-10) == [], label)
      }
    }
    // A bias that is missing is a matter of sums, not of sizes.
    let times = biases == .both ? sweep(debug: [1, 7], release: [1, 2, 7]) : [2]
    for hidden in [1, 4, 17] {
      for input in sweep(debug: [3], release: [1, 3]) {
        for time in times {
          for batch in sweep(debug: [1, 5], release: [1, 2, 5]) {
            for zeroState in time == 1 ? [true, false] : [false] {
              var random = RandomSource(seed: 1)
              let cell = kind.random(input: input, hidden: hidden, biases: biases, using: &random)
              let point = SequencePoint<Double>(
                time: time, batch: batch, input: input, hidden: hidden, zeroState: zeroState, using: &random)
              compare(cell, point, "T \(time), B \(batch), I \(input), H \(hidden), zeros \(zeroState), seed 1")
            }
          }
        }
      }
    }
  }

  /// 45 steps of 13 sequences, and 300 of one, are more than one chunk of the backward pass.
  @Test(arguments: SampleCell.swept)
  func fusedAgreesWithUnrolledOverSeveralChunks(kind: SampleCell) {
    let (input, hidden) = (3, 6)
    func compare<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      let fused = SequenceRun(cell, on: point, tokens: false, seed: 8)
      let unrolled = SequenceRun(Unrolled(cell), on: point, tokens: false, seed: 8)
      #expect(fused.differences(from: unrolled, tolerance: 1e-10) == [], "seed 7")
      for threads in [2, 3] {
        let several = SequenceRun(cell, on: point, tokens: false, threads: threads, seed: 8)
        #expect(several.differences(from: fused) == [], "\(threads) threads, seed 7")
      }
    }
    var random = RandomSource(seed: 7)
    let cell = kind.random(input: input, hidden: hidden, using: &random)
    for (time, batch) in [(45, 13), (300, 1)] {
      compare(cell, SequencePoint(time: time, batch: batch, input: input, hidden: hidden, using: &random))
    }
  }

  @Test(arguments: SampleCell.swept)
  func theNumberOfThreadsChangesNoBit(kind: SampleCell) {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, batch: Int, hidden: Int) {
      var random = RandomSource(seed: 3)
      let cell = kind.random(Scalar.self, input: 5, hidden: hidden, using: &random)
      let point = SequencePoint<Scalar>(time: 3, batch: batch, input: 5, hidden: hidden, using: &random)
      check(cell, point)
    }
    func check<Scalar, Cell: RecurrentCell<Scalar>>(_ cell: Cell, _ point: SequencePoint<Scalar>) {
      for tokens in [false, true] {
        let single = SequenceRun(cell, on: point, tokens: tokens, threads: 1, seed: 4)
        for threads in [2, 3] {
          let several = SequenceRun(cell, on: point, tokens: tokens, threads: threads, seed: 4)
          #expect(several.differences(from: single) == [], "\(Scalar.self), \(threads) threads, \(point.input.shape)")
        }
      }
    }
    for batch in [1, 2, 13] {
      for hidden in [1, 17, 40] {
        check(Float.self, batch: batch, hidden: hidden)
        check(Double.self, batch: batch, hidden: hidden)
      }
    }
  }

  @Test(arguments: SampleCell.swept)
  func singlePrecisionAgreesWithDouble(kind: SampleCell) {
    func run<Scalar, Cell: RecurrentCell<Scalar>>(_ cell: Cell, _ point: SequencePoint<Scalar>) -> SequenceRun<Scalar> {
      SequenceRun(cell, on: point, tokens: false, seed: 6)
    }
    var (random, same) = (RandomSource(seed: 5), RandomSource(seed: 5))
    let single = run(
      kind.random(Float.self, input: 5, hidden: 12, using: &random),
      SequencePoint(time: 6, batch: 3, input: 5, hidden: 12, using: &random))
    let double = run(
      kind.random(Double.self, input: 5, hidden: 12, using: &same),
      SequencePoint(time: 6, batch: 3, input: 5, hidden: 12, using: &same))
    for (name, (a, b)) in zip(single.names, zip(single.tensors, double.tensors)) {
      let size = max(1, b.absolute().max().scalar)
      for (x, y) in zip(a.scalars, b.scalars) { #expect(abs(Double(x) - y) < 1e-5 * size, "\(name), seed 5") }
    }
  }
}
