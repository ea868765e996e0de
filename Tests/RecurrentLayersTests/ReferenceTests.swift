import Autograd
import Foundation
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// One step of one sequence in plain loops, from the formulas of the cells' documentation and of PyTorch's.
private struct Reference {
  let values: [String: Tensor<Double>]

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  private func parameter(_ name: String, _ index: Int) -> Double { values[name]!.scalars[index] }

  /// Product of the weights of all gates and a vector, by row; where the weights are blocks of heads, each block
  /// multiplies its own part of the vector.
  private func product(_ weight: String, _ bias: String, _ x: [Double]) -> [Double] {
    let (weight, bias) = (values[weight]!, values[bias]?.scalars)
    let width = weight.shape[1]
    return (0..<weight.shape[0]).map { row in
      let first = row % x.count / width * width
      return (0..<width).reduce(bias?[row] ?? 0) { $0 + weight[row, $1] * x[first + $1] }
    }
  }

  /// Some numbers normalized together, scaled and shifted.
  private func normalized(_ x: some Collection<Double>, _ name: String) -> [Double] {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    return x.enumerated().map {
      ($1 - mean) / (variance + 1e-5).squareRoot() * parameter("\(name).weight", $0) + parameter("\(name).bias", $0)
    }
  }

  /// - Parameter state: the components of a cell's state, of which those without a c have h alone.
  /// - Returns: the components of the next state; h and another one for cells that have h alone.
  func step(_ kind: SampleCell, _ x: [Double], _ state: [[Double]]) -> [[Double]] {
    let (h, c) = (state[0], state[min(1, state.count - 1)])
    let (n, units) = (h.count, h.indices)
    var a = product("weight_ih", "bias_ih", x)
    var b = (values["weight_hh"]?.rank ?? 0) < 2 ? [] : product("weight_hh", "bias_hh", h)
    switch kind {
    case .layerNormLSTM: (a, b) = (normalized(a, "layernorm_i"), normalized(b, "layernorm_h"))
    case .layerNormGRU:
      a = normalized(a[..<(2 * n)], "layernorm_i") + normalized(a[(2 * n)...], "layernorm_in")
      b = normalized(b[..<(2 * n)], "layernorm_h") + normalized(b[(2 * n)...], "layernorm_hn")
    default: break
    }
    func sum(_ gate: Int, _ j: Int) -> Double { a[gate * n + j] + b[gate * n + j] }
    func gate(_ x: Double) -> Double {
      if case .hardSigmoid(let slope) = kind.gateActivation { min(1, max(0, slope * x + 0.5)) } else { sigmoid(x) }
    }

    switch kind {
    case .elmanTanh: return [units.map { tanh(sum(0, $0)) }, c]
    case .elmanReLU: return [units.map { max(sum(0, $0), 0) }, c]
    case .lstm, .hardLSTM, .layerNormLSTM:
      let next = units.map { gate(sum(1, $0)) * c[$0] + gate(sum(0, $0)) * tanh(sum(2, $0)) }
      let seen = kind == .layerNormLSTM ? normalized(next, "layernorm_c") : next
      return [units.map { gate(sum(3, $0)) * tanh(seen[$0]) }, next]
    case .peepholeLSTM:
      let next = units.map { j in
        let i = sigmoid(sum(0, j) + parameter("weight_ci", j) * c[j])
        let f = sigmoid(sum(1, j) + parameter("weight_cf", j) * c[j])
        return f * c[j] + i * tanh(sum(2, j))
      }
      return [units.map { sigmoid(sum(3, $0) + parameter("weight_co", $0) * next[$0]) * tanh(next[$0]) }, next]
    case .coupledLSTM:
      let next = units.map { sigmoid(sum(0, $0)) * c[$0] + (1 - sigmoid(sum(0, $0))) * tanh(sum(1, $0)) }
      return [units.map { sigmoid(sum(2, $0)) * tanh(next[$0]) }, next]
    case .gru, .hardGRU, .layerNormGRU, .gruResetBefore, .hardGRUResetBefore:
      let r = units.map { gate(sum(0, $0)) }
      let recurrent =
        kind == .gruResetBefore || kind == .hardGRUResetBefore
        ? product("weight_hh", "bias_hh", units.map { r[$0] * h[$0] })[(2 * n)...].map { $0 }
        : units.map { r[$0] * b[2 * n + $0] }
      let next = units.map { j in
        let z = gate(sum(1, j))
        return (1 - z) * tanh(a[2 * n + j] + recurrent[j]) + z * h[j]
      }
      return [next, c]
    case .mgu:
      let f = units.map { sigmoid(sum(0, $0)) }
      let recurrent = product("weight_hh", "bias_hh", units.map { f[$0] * h[$0] })[n...].map { $0 }
      return [units.map { (1 - f[$0]) * h[$0] + f[$0] * tanh(a[n + $0] + recurrent[$0]) }, c]
    case .indRNN: return [units.map { max(a[$0] + parameter("weight_hh", $0) * h[$0], 0) }, c]
    case .slstm, .slstmHeads:
      let kept = units.map { state[3][$0] + log(sigmoid(sum(1, $0))) }
      let m = units.map { state[2][$0] <= 0 ? sum(0, $0) : max(sum(0, $0), kept[$0]) }
      let (i, f) = (units.map { exp(sum(0, $0) - m[$0]) }, units.map { exp(min(kept[$0] - m[$0], 0)) })
      let next = units.map { f[$0] * c[$0] + i[$0] * tanh(sum(2, $0)) }
      let normalizer = units.map { f[$0] * state[2][$0] + i[$0] }
      return [units.map { sigmoid(sum(3, $0)) * next[$0] / normalizer[$0] }, next, normalizer, m]
    case .minGRU:
      return [units.map { (1 - sigmoid(a[$0])) * h[$0] + sigmoid(a[$0]) * a[n + $0] }, c]
    case .minLSTM:
      let next = units.map { j in
        let (i, f) = (sigmoid(a[j]), sigmoid(a[n + j]))
        return f / (i + f) * h[j] + i / (i + f) * a[2 * n + j]
      }
      return [next, c]
    }
  }
}

@Suite struct ReferenceTests {
  @Test(arguments: SampleCell.allCases, [1, 2] as [UInt64])
  func cellsComputeTheirFormulas(kind: SampleCell, seed: UInt64) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      let reference = Reference(
        values: Dictionary(uniqueKeysWithValues: cell.parameters.map { ($0.name, $0.parameter.value) }))
      var context = ForwardContext<Double>()
      let components = Cell.State.componentNames.count
      let state = Cell.State(components: point.state.prefix(components).map { Variable($0) })
      let (outputs, final) = cell.run(.vectors(Variable(point.input)), from: state, in: &context)
      for sequence in 0..<3 {
        var expected = point.state.prefix(components).map { $0.row(sequence).scalars }
        for t in 0..<4 {
          expected = reference.step(kind, point.input.row(t).row(sequence).scalars, expected)
          for (a, b) in zip(outputs.value.row(t).row(sequence).scalars, expected[0]) {
            #expect(abs(a - b) < 1e-12, "seed \(seed)")
          }
        }
        for (component, expected) in zip(final.components, expected) {
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
