import Autograd
import Foundation
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// One step of one sequence in plain loops, from the formulas of the cells' documentation and of PyTorch's.
private struct Reference {
  let inputWeight: Tensor<Double>
  let recurrentWeight: Tensor<Double>
  let inputBias: [Double]
  let recurrentBias: [Double]

  init(_ parameters: [Tensor<Double>]) {
    (inputWeight, recurrentWeight) = (parameters[0], parameters[1])
    (inputBias, recurrentBias) = (parameters[2].scalars, parameters[3].scalars)
  }

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// What unit j of a gate gets from the input and from the hidden state.
  private func sums(_ gate: Int, _ j: Int, _ x: [Double], _ h: [Double]) -> (input: Double, recurrent: Double) {
    let row = gate * h.count + j
    let fromInput = x.indices.reduce(inputBias[row]) { $0 + inputWeight[row, $1] * x[$1] }
    return (fromInput, h.indices.reduce(recurrentBias[row]) { $0 + recurrentWeight[row, $1] * h[$1] })
  }

  func step(_ kind: CellKind, _ x: [Double], _ h: [Double], _ c: [Double]) -> (h: [Double], c: [Double]) {
    func sum(_ gate: Int, _ j: Int) -> Double {
      let parts = sums(gate, j, x, h)
      return parts.input + parts.recurrent
    }
    switch kind {
    case .elmanTanh: return (h.indices.map { tanh(sum(0, $0)) }, c)
    case .elmanReLU: return (h.indices.map { max(sum(0, $0), 0) }, c)
    case .lstm:
      let next = h.indices.map { sigmoid(sum(1, $0)) * c[$0] + sigmoid(sum(0, $0)) * tanh(sum(2, $0)) }
      return (h.indices.map { sigmoid(sum(3, $0)) * tanh(next[$0]) }, next)
    case .gru:
      let next = h.indices.map { j in
        let (r, z) = (sigmoid(sum(0, j)), sigmoid(sum(1, j)))
        let parts = sums(2, j, x, h)
        return (1 - z) * tanh(parts.input + r * parts.recurrent) + z * h[j]
      }
      return (next, c)
    }
  }
}

@Suite struct ReferenceTests {
  @Test(arguments: CellKind.allCases, [1, 2] as [UInt64])
  func cellsComputeTheirFormulas(kind: CellKind, seed: UInt64) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      let reference = Reference(cell.parameters.map(\.parameter.value))
      var context = ForwardContext<Double>()
      let components = Cell.State.componentNames.count
      let state = Cell.State(components: point.state.prefix(components).map { Variable($0) })
      let (outputs, final) = cell.run(.vectors(Variable(point.input)), from: state, in: &context)
      for sequence in 0..<3 {
        var (h, c) = (point.state[0].row(sequence).scalars, point.state[1].row(sequence).scalars)
        for t in 0..<4 {
          (h, c) = reference.step(kind, point.input.row(t).row(sequence).scalars, h, c)
          for (a, b) in zip(outputs.value.row(t).row(sequence).scalars, h) {
            #expect(abs(a - b) < 1e-12, "seed \(seed)")
          }
        }
        for (component, expected) in zip(final.components, [h, c]) {
          for (a, b) in zip(component.value.row(sequence).scalars, expected) {
            #expect(abs(a - b) < 1e-12, "seed \(seed)")
          }
        }
      }
    }
    var random = RandomSource(seed: seed)
    let cell = kind.random(input: 2, hidden: 5, using: &random)
    check(cell, SequencePoint(time: 4, batch: 3, input: 2, hidden: 5, using: &random))
  }
}
