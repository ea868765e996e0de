import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// The operations that stand under convolutions, locally connected layers and normalizations.
@Suite struct LayerOperationTests {
  private let context = ForwardContext<Double>(workspace: Workspace(threads: 2))

  @Test(arguments: gradientSeeds)
  func gatheredColumnsAddTheirGradientsWhereAnIndexRepeats(seed: UInt64) {
    var source = RandomSource(seed: seed)
    let indexLists: [[Int32]] = [[0], [3, 1], [2, -1, 2, 2], [-1, 1, 0, 3, 1, -1, 2, 1]]
    for indices in indexLists {
      for rows in [1, 5] {
        let point = random([rows, 4], &source)
        expectGradients(at: [point], "\(indices), seed \(seed)") { $0[0].gatherColumns(indices, in: context).tanh() }
        let columns = Variable(point).gatherColumns(indices, in: context).value
        for row in 0..<rows {
          for (j, index) in indices.enumerated() {
            #expect(columns[row, j] == (index < 0 ? 0 : point[row, Int(index)]), "\(indices), seed \(seed)")
          }
        }
      }
    }
  }

  @Test(arguments: gradientSeeds)
  func everyUnitHasALinearMapOfItsOwn(seed: UInt64) {
    var source = RandomSource(seed: seed)
    for (batch, units, outputs, inputs) in [(1, 1, 1, 1), (2, 3, 2, 4), (5, 2, 1, 9), (3, 4, 17, 1)] {
      let (x, w) = (random([batch, units, inputs], &source), random([units, outputs, inputs], &source))
      let label = "\(batch)×\(units), \(inputs) to \(outputs), seed \(seed)"
      expectGradients(at: [x, w], label) { locallyLinear($0[0], weight: $0[1], in: context) }
      expectGradients(at: [x], label) { locallyLinear($0[0], weight: Variable(w), in: context) }
      let y = locallyLinear(Variable(x), weight: Variable(w), in: context).value
      #expect(y.shape == [batch, units, outputs])
      for b in 0..<batch {
        for u in 0..<units {
          for o in 0..<outputs {
            let sum = (0..<inputs).reduce(0) { $0 + w[u, o, $1] * x[b, u, $1] }
            #expect(abs(y[b, u, o] - sum) < 1e-12, "\(label)")
          }
        }
      }
    }
  }

  @Test(arguments: gradientSeeds)
  func normalizedRowsHaveNumericGradients(seed: UInt64) {
    var source = RandomSource(seed: seed)
    for shape: TensorShape in [[3], [4, 5], [2, 3, 2], [1, 33]] {
      for epsilon in [1e-5, 0.5] {
        expectGradients(at: [random(shape, &source)], "\(shape), ε = \(epsilon), seed \(seed)") {
          normalizedRows($0[0], epsilon: epsilon, in: context).tanh()
        }
      }
    }
  }

  @Test func shapesAndIndicesThatDoNotFitTrap() async {
    let units = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = locallyLinear(
        Variable<Double>(.zeros([2, 3, 4])), weight: Variable(.zeros([3, 1, 5])), in: ForwardContext())
    }
    expectMessage("locallyLinear: shapes [2, 3, 4] and [3, 1, 5] do not fit", from: units)
    let column = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Variable<Double>(.zeros([2, 3])).gatherColumns([0, 3], in: ForwardContext())
    }
    expectMessage("gatherColumns: index 3 (at position 1) is outside of 3 columns", from: column)
    let matrix = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Variable<Double>(.zeros([2, 3, 4])).gatherColumns([0], in: ForwardContext())
    }
    expectMessage("gatherColumns: a tensor of shape [2, 3, 4] is not a matrix", from: matrix)
    let features = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = normalizedRows(Variable<Double>(.zeros([2, 0])), epsilon: 1, in: ForwardContext())
    }
    expectMessage("normalization: a tensor of shape [2, 0] has no features", from: features)
  }
}
