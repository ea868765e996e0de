import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct ProductFormatTests {
  private static let supported = ProductFormat.allCases.filter { $0.isSupported(for: Float.self) }

  private func runs(
    _ kind: SampleCell, products: ProductFormat, threads: Int, seed: UInt64
  ) -> [SequenceRun<Float>] {
    var random = RandomSource(seed: seed)
    return [false, true].map { tokens in
      let (input, hidden) = (tokens ? 9 : amount(debug: 17, release: 33), amount(debug: 24, release: 40))
      let point = SequencePoint<Float>(time: 6, batch: 11, input: input, hidden: hidden, using: &random)
      let cell = kind.make(Float.self, input: input, hidden: hidden).drawn(using: &random)
      func run<Cell: RecurrentCell<Float>>(_ cell: Cell) -> SequenceRun<Float> {
        SequenceRun(cell, on: point, tokens: tokens, threads: threads, products: products, seed: seed)
      }
      return run(cell)
    }
  }

  // Not for ReLU: its derivative jumps where rounding carries a unit over 0.
  /// Outputs and gradients in bfloat16 are those of single precision within its rounding.
  @Test(arguments: [SampleCell.elmanTanh, .lstm, .gru])
  func bfloat16AgreesWithSinglePrecisionWithinItsRounding(kind: SampleCell) {
    guard ProductFormat.bfloat16.isSupported(for: Float.self) else { return }
    for (half, full) in zip(
      runs(kind, products: .bfloat16, threads: 1, seed: 3), runs(kind, products: .full, threads: 1, seed: 3))
    {
      // Six steps of rounding to 8 bits: a few times the 1.6e-2 of a single operation.
      #expect(half.differences(from: full, tolerance: 4e-2) == [])
      #expect(!half.differences(from: full).isEmpty, "nothing was rounded")
    }
  }

  @Test(arguments: supported, SampleCell.swept)
  func inEveryFormatTheBitsDoNotDependOnTheNumberOfThreads(products: ProductFormat, kind: SampleCell) {
    let one = runs(kind, products: products, threads: 1, seed: 4)
    for threads in [2, 3] {
      for (a, b) in zip(one, runs(kind, products: products, threads: threads, seed: 4)) {
        #expect(a.differences(from: b) == [])
      }
    }
  }

  @Test func doubleHasTheFullFormatAlone() {
    #expect(ProductFormat.allCases.filter { $0.isSupported(for: Double.self) } == [.full])
  }
}
