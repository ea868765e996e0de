import Autograd
import TensorCore

/// A convolution along a line: at each position the same weights read a window of the input (LeCun, 1989).
///
///     y[t] = Σ_j W[:, :, j]·x[t · stride − padding + j] + b
///
/// The input is [batch, length, channels], the output [batch, positions, filters] with positions =
/// (length + 2·padding − window) / stride + 1. Padding after the end of shorter sequences reads as zeros, and each has as many
/// positions as by itself. (PyTorch's `Conv1d` puts the channels before the length; its weight and bias
/// have these shapes.)
public struct Convolution1D<Scalar: TensorScalar>: Layer {
  /// [filters, channels, window].
  public var weight: Parameter<Scalar>
  /// [filters].
  public var bias: Parameter<Scalar>?
  public let stride: Int
  public let padding: Int
  public let activation: ActivationFunction

  /// A layer whose weight is still to be drawn; the bias starts at 0.
  public init(
    channels: Int, filters: Int, window: Int = 9, stride: Int = 1, padding: Int = 0,
    activation: ActivationFunction = .linear, bias: Bool = true, initializer: Initializer = .glorotUniform
  ) {
    require(
      channels > 0 && filters > 0 && window > 0 && stride > 0 && padding >= 0,
      "Convolution1D: \(channels) channels, \(filters) filters, window \(window), stride \(stride), padding \(padding)")
    weight = Parameter([filters, channels, window], initializer)
    self.bias = bias ? Parameter([filters], .zeros) : nil
    (self.stride, self.padding, self.activation) = (stride, padding, activation)
  }

  /// A layer of given weights, [filters, channels, window], and biases, [filters].
  public init(
    weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, stride: Int = 1, padding: Int = 0,
    activation: ActivationFunction = .linear
  ) {
    if weight.rank != 3 || bias.map({ $0.shape != [weight.shape[0]] }) ?? false {
      shapeFailure(
        "Convolution1D", weight.shape, bias?.shape ?? [],
        hint: "a weight [filters, channels, window] and a bias [filters]")
    }
    require(stride > 0 && padding >= 0, "Convolution1D: stride \(stride), padding \(padding)")
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
    (self.stride, self.padding, self.activation) = (stride, padding, activation)
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    let (channels, window) = (weight.shape[1], weight.shape[2])
    if input.shape.rank != 3 || input.shape[2] != channels {
      shapeFailure("Convolution1D", input.shape, weight.shape, hint: "the input must be [batch, length, \(channels)]")
    }
    let geometry = Geometry(
      length: input.shape[1], channels: channels, window: window, stride: stride, padding: padding)
    let (line, columns) = context.workspace.value(for: geometry) {
      let line = Neighbourhoods.line(geometry.length, window: window, stride: stride, padding: padding)
      return (line, line.columns(channels: channels))
    }
    let input = context.lengths.map { input.clearingPadding($0) } ?? input
    context.lengths = context.lengths.map(positions)
    let patches = line.patches(of: input, columns, channels: channels, "Convolution1D", in: context)
    let sums = linear(
      patches.reshaped([input.shape[0], line.units, channels * window]), weight: weight, bias: bias, in: context)
    return activation(sums)
  }

  /// Lengths of the outputs of sequences of given lengths.
  private func positions(of lengths: SequenceLengths) -> SequenceLengths {
    func count(_ steps: Int) -> Int { (steps + 2 * padding - weight.shape[2]) / stride + 1 }
    if let short = lengths.steps.first(where: { $0 + 2 * padding < weight.shape[2] }) {
      programmingError(
        "Convolution1D: a window of \(weight.shape[2]) does not fit a sequence of \(counted(short, "step")) with \(padding) of "
          + "padding on either side")
    }
    guard let positions = try? SequenceLengths(lengths.steps.map(count), time: count(lengths.time)) else {
      programmingError("Convolution1D: no positions for a sequence")
    }
    return positions
  }

  /// Settings from which the table of windows follows.
  private struct Geometry: Hashable {
    let length, channels, window, stride, padding: Int
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
    try visitor.visit(&bias, "bias")
  }
}
