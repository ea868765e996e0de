import Autograd
import NeuralLayers
import TensorCore
import Testing

/// A layer and the shape of a sample that it reads.
struct LayerSample<Scalar: TensorScalar>: CustomTestStringConvertible, Sendable {
  let layer: any Layer<Scalar>
  let shape: [Int]
  /// Whether a sample is a sequence of steps.
  var isOfSequences = false
  var testDescription: String { "\(type(of: layer)) \(shape)" }
  /// Bound, with its values drawn.
  var model: Sequential<Scalar> { Sequential<Scalar>(seed: 1) { [layer] }.bound() }

  /// Layers of every kind.
  static var all: [LayerSample] {
    [
      LayerSample(layer: Dense(6, 4, activation: .tanh), shape: [6]),
      LayerSample(layer: Dense(2, 3, bias: false), shape: [3, 2], isOfSequences: true),
      LayerSample(layer: Activation(.gelu), shape: [2, 3]),
      LayerSample(layer: Activation(.softmax), shape: [5]),
      LayerSample(layer: Dropout(0.25), shape: [3, 2]),
      LayerSample(layer: Flatten(), shape: [2, 3, 2]),
      LayerSample(layer: Flatten(), shape: []),
      LayerSample(layer: LayerNorm(5), shape: [4, 5], isOfSequences: true),
      LayerSample(layer: BatchNorm(3), shape: [3]),
      LayerSample(layer: BatchNorm(2), shape: [4, 2], isOfSequences: true),
      LayerSample(
        layer: Convolution1D(channels: 2, filters: 3, window: 3, stride: 2, padding: 1), shape: [6, 2],
        isOfSequences: true),
      LayerSample(layer: Convolution2D(channels: 2, filters: 3, padding: .same), shape: [3, 4, 2]),
      LayerSample(
        layer: Convolution2D(channels: 1, filters: 2, window: (2, 3), stride: (2, 1), padding: .reflect(1)),
        shape: [3, 4, 1]),
      LayerSample(layer: LocallyConnected(.line(6, window: 3, padding: 1), channels: 2, filters: 2), shape: [6, 2]),
      LayerSample(layer: LocallyConnected(.grid(rows: 4, columns: 5), filters: 2), shape: [4, 5]),
      LayerSample(layer: Sequential<Scalar>([]), shape: [4]),
    ]
  }

  func batch(_ count: Int, seed: UInt64) -> Tensor<Scalar> {
    var random = RandomSource(seed: seed)
    return .normal(TensorShape([count] + shape), mean: 1, standardDeviation: 2, using: &random)
  }
}
