import Autograd
import CharrnnTestSupport
import Foundation
import ModelExchange
import RecurrentLayers
import TensorCheckpoints
import TensorCore
import Testing

/// Recurrent layers that a package made, with inputs and the package's own outputs: a file of Tests/Fixtures/exchange, which
/// Tests/Interop/zoo.py writes.
struct ExchangeFixture: Sendable, CustomTestStringConvertible {
  let name: String
  private let checkpoint: Checkpoint

  static let all: [ExchangeFixture] = {
    let folder = Repository.fixture("exchange")
    return try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
      ExchangeFixture(
        name: name, checkpoint: try! Checkpoint(contentsOf: folder.appendingPathComponent(name).path))
    }
  }()

  var testDescription: String { name }

  var convention: WeightConvention { WeightConvention(rawValue: checkpoint.metadata["convention"]!)! }
  var cell: RecurrentWeights.Cell? { checkpoint.metadata["cell"].map { .init(rawValue: $0)! } }

  /// Function of the gates; a hard sigmoid where the file says its slope.
  var gateActivation: GateActivation {
    checkpoint.metadata["slope"].map { .hardSigmoid(slope: Double($0)!) } ?? .sigmoid
  }

  /// The weights under the package's names.
  var tensors: [String: StoredTensor] {
    let start = "weights."
    let named = checkpoint.tensors.filter { $0.key.hasPrefix(start) }.map {
      (String($0.key.dropFirst(start.count)), $0.value)
    }
    return Dictionary(uniqueKeysWithValues: named)
  }

  var weights: RecurrentWeights {
    get throws { try RecurrentWeights(tensors, in: convention, cell: cell, gateActivation: gateActivation) }
  }

  /// Outputs, then the components of the final state, [layers · directions, batch, width], as the package computed them.
  var expected: [Tensor<Float>] {
    get throws {
      try ["outputs", "h", "c"].filter { checkpoint.tensors[$0] != nil }.map { try checkpoint.tensor($0) }
    }
  }

  /// The same, computed here.
  func results(of weights: RecurrentWeights) throws -> [Tensor<Float>] {
    switch weights.cell {
    case .lstm: try results(of: StackedRecurrent<LSTMCell<Float>>(weights))
    case .gru, .gruResetBefore: try results(of: StackedRecurrent<GRUCell<Float>>(weights))
    case .rnn, .rnnReLU: try results(of: StackedRecurrent<ElmanCell<Float>>(weights))
    }
  }

  private func results<Cell: ExchangeableCell<Float>>(of stack: StackedRecurrent<Cell>) throws -> [Tensor<Float>] {
    let given: [Tensor<Float>] = try ["h0", "c0"].filter { checkpoint.tensors[$0] != nil }.map {
      try checkpoint.tensor($0)
    }
    let initial = given.first.map { first in
      (0..<first.shape[0]).map { index in Cell.State(components: given.map { Variable($0.matrix(index)) }) }
    }
    var context = ForwardContext<Float>()
    let input: Tensor<Float> = try checkpoint.tensor("input")
    let (outputs, last) = stack.run(.vectors(Variable(input)), from: initial, in: &context)
    let components = Cell.State.componentNames.indices.map { index in
      Tensor.stack(last.map { $0.components[index].value })
    }
    return [outputs.value] + components
  }
}

extension Tensor {
  /// One of the matrices of a tensor of three axes.
  fileprivate func matrix(_ index: Int) -> Tensor { slice(axis: 0, index..<index + 1).reshaped([shape[1], shape[2]]) }
}

/// The largest difference between tensors of the same shapes; infinite where shapes differ.
func largestDifference(_ left: [Tensor<Float>], _ right: [Tensor<Float>]) -> Float {
  guard left.map(\.shape) == right.map(\.shape) else { return .infinity }
  return zip(left, right).map { pair in
    zip(pair.0.scalars, pair.1.scalars).map { abs($0 - $1) }.max() ?? 0
  }.max() ?? 0
}
