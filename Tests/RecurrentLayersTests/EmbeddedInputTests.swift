import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct EmbeddedInputTests {
  /// Tokens with a table of vectors are those vectors, forward and backward, whether products are looked up or not.
  @Test(arguments: SampleCell.allCases)
  func tokensWithATableOfVectorsAreThoseVectors(kind: SampleCell) {
    var random = RandomSource(seed: 31)
    // 4 tokens in 15 places are looked up; 40 tokens are not.
    for tokens in [4, 40] {
      let table = Tensor<Double>.normal([tokens, 3], using: &random)
      let ids = (0..<15).map { _ in Int32.random(in: 0..<Int32(tokens), using: &random) }
      let grid = TokenGrid(ids: ids, time: 5, batch: 3)
      check(kind.random(Double.self, input: 3, hidden: 6, using: &random))

      func check(_ cell: any RecurrentCell<Double>) { compare(cell) }
      func compare<Cell: RecurrentCell<Double>>(_ cell: Cell) {
        let vectors = gradients(of: cell, table) { .vectors($0.gatherRows(ids).reshaped([5, 3, 3])) }
        for fused in [true, false] {
          let embedded =
            fused
            ? gradients(of: cell, table) { .embedded(grid, table: $0) }
            : gradients(of: Unrolled(cell), table) { .embedded(grid, table: $0) }
          #expect(embedded.count == vectors.count)
          for threads in [1, 3] where fused {
            let again = gradients(of: cell, table, threads: threads) { .embedded(grid, table: $0) }
            #expect(again == embedded, "\(tokens) tokens, \(threads) threads")
          }
          for (name, expected) in vectors {
            let distance = (embedded[name]! - expected).absolute().max().scalar
            let size = Double.maximum(1, expected.absolute().max().scalar)
            #expect(distance < 1e-12 * size, "\(tokens) tokens, fused: \(fused), \(name)")
          }
        }
      }
    }
  }

  /// The outputs, and the gradients of the sum of their squares.
  private func gradients<Cell: RecurrentCell<Double>>(
    of cell: Cell, _ table: Tensor<Double>, threads: Int = 2, input: (Variable<Double>) -> SequenceInput<Double>
  ) -> [String: Tensor<Double>] {
    let cell = cell.bound()
    let tape = Tape<Double>()
    var context = ForwardContext(tape: tape, workspace: Workspace(threads: threads))
    let watched = tape.watch(table)
    let state = cell.initialState(batchSize: 3, in: &context)
    let outputs = cell.run(input(watched), from: state, in: &context).outputs
    let gradients = (outputs * outputs).sum().gradients()
    var result = ["outputs": outputs.value, "∂table": gradients[watched]!]
    for (name, parameter) in cell.parameters {
      result["∂" + name.replacing("cell.", with: "")] = gradients[parameter]
    }
    return result
  }
}
