import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct StepLayerTests {
  /// Layers that run a step at a time, prepared or not, give the bits of a run over the sequence, however they are
  /// divided and their weights are held.
  @Test(arguments: SampleCell.allCases, [ProductFormat.full, .bfloat16Weights, .int8Weights])
  func layersThatRunAStepAtATimeGiveTheBitsOfAWholeRun(kind: SampleCell, format: ProductFormat) {
    guard format.isSupported(for: Float.self) else { return }
    var random = RandomSource(seed: 5)
    // 96 units are whole panels on every instruction set, so that they divide; 17 and 1 do not.
    for (hidden, batch, embedding) in [(96, 1, nil), (96, 3, 7), (17, 2, nil), (1, 1, 3)] as [(Int, Int, Int?)] {
      let table = embedding.map { Tensor<Float>.normal([5, $0], using: &random) }
      let below = kind.random(Float.self, input: embedding ?? 5, hidden: hidden, using: &random)
      let above = kind.random(Float.self, input: hidden, hidden: hidden, using: &random)
      func check<Cell: RecurrentCell<Float>>(_ below: Cell, _ above: any RecurrentCell<Float>) {
        let stack = StackedRecurrent([below, above as! Cell])
        let ids = (0..<6 * batch).map { _ in Int32.random(in: 0..<5, using: &random) }
        let outputs = wholeRun(stack, ids, batch: batch, table: table, format)
        for parts in 1...3 {
          #expect(
            steps(stack, ids, batch: batch, parts: parts, table: table, format) == outputs,
            "\(hidden) \(batch) \(parts)")
        }
      }
      check(below, above)
    }
  }

  @Test func aParameterWithMoreNumbersThanUnitsTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      var cell = PeepholeLSTMCell<Float>(input: 5, hidden: 4)
      cell.inputPeephole = Parameter([8], .zeros)
      _ = StackedRecurrent([cell.drawn(using: &random)]).stepLayers(batch: 1, shards: 2, embedding: nil)
    }
    expectMessage("shapes [8] and [4] do not fit; an own parameter has a number for each unit", from: result)
  }

  private func wholeRun<Cell: RecurrentCell<Float>>(
    _ stack: StackedRecurrent<Cell>, _ ids: [Int32], batch: Int, table: Tensor<Float>?, _ format: ProductFormat
  ) -> [Float] {
    let time = ids.count / batch
    var context = ForwardContext<Float>(workspace: Workspace(products: format))
    let input: SequenceInput<Float> =
      table.map { .vectors(Variable($0.gatherRows(ids).reshaped([time, batch, -1]))) }
      ?? .tokens(TokenGrid(ids: ids, time: time, batch: batch))
    return stack.run(input, in: &context).outputs.value.scalars
  }

  /// All outputs of the upper layer.
  private func steps<Cell: RecurrentCell<Float>>(
    _ stack: StackedRecurrent<Cell>, _ ids: [Int32], batch: Int, parts: Int, table: Tensor<Float>?,
    _ format: ProductFormat
  ) -> [Float] {
    let layers = stack.stepLayers(batch: batch, shards: parts, format: format, embedding: table)!
    var all: [Float] = []
    for step in 0..<ids.count / batch {
      let tokens = Array(ids[step * batch..<(step + 1) * batch])
      var below: MatrixView<Float>?
      for layer in layers {
        let isPrepared = step % 3 == 1
        for part in 0..<layer.shardCount {
          layer.run(shard: part, step: step, tokens: tokens, below: below, isPrepared: isPrepared)
        }
        if step % 3 == 0 { for part in 0..<layer.shardCount { layer.prepare(shard: part, after: step) } }
        below = layer.output(ofStep: step)
      }
      var copy = Tensor<Float>.zeros([batch, stack.outputSize])
      copy.mutableMatrix().copy(from: below!)
      all += copy.scalars
    }
    return all
  }
}
