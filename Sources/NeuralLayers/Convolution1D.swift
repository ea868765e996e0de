import Autograd
import TensorCore

/// A convolution along a line: at each position the same weights read a window of the input (LeCun, 1989).
///
///     y[t] = Σ_j W[:, :, j]·x[t · stride − padding + j] + b
///
/// The input is [batch, length, channels], the output [batch, positions, filters] with positions =
/// (length + padding − window) / stride + 1. Padding after the end of shorter sequences reads as zeros, and each has as many
/// positions as by itself. (PyTorch's `Conv1d` puts the channels before the length; its weight and bias
/// have these shapes.)
public struct Convolution1D<Scalar: TensorScalar>: Layer {
  /// [filters, channels, window].
  public var weight: Parameter<Scalar>
  /// [filters].
  public var bias: Parameter<Scalar>?
  public let stride: Int
  public let padding: EdgePadding
  public let activation: ActivationFunction

  /// A layer whose weight is still to be drawn; the bias starts at 0.
  public init(
    channels: Int, filters: Int, window: Int = 9, stride: Int = 1, padding: EdgePadding = .valid,
    activation: ActivationFunction = .linear, bias: Bool = true, initializer: Initializer = .glorotUniform
  ) {
    require(
      channels > 0 && filters > 0 && window > 0 && stride > 0,
      "Convolution1D: \(channels) channels, \(filters) filters, window \(window), stride \(stride)")
    weight = Parameter([filters, channels, window], initializer)
    self.bias = bias ? Parameter([filters], .zeros) : nil
    (self.stride, self.padding, self.activation) = (stride, padding, activation)
  }

  /// A layer of given weights, [filters, channels, window], and biases, [filters].
  public init(
    weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, stride: Int = 1, padding: EdgePadding = .valid,
    activation: ActivationFunction = .linear
  ) {
    if weight.rank != 3 || bias.map({ $0.shape != [weight.shape[0]] }) ?? false {
      shapeFailure(
        "Convolution1D", weight.shape, bias?.shape ?? [],
        hint: "a weight [filters, channels, window] and a bias [filters]")
    }
    require(stride > 0, "Convolution1D: stride \(stride)")
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
    (self.stride, self.padding, self.activation) = (stride, padding, activation)
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    let channels = weight.shape[1]
    if input.shape.rank != 3 || input.shape[2] != channels {
      shapeFailure("Convolution1D", input.shape, weight.shape, hint: "the input must be [batch, length, \(channels)]")
    }
    let input = context.lengths.map { input.clearingPadding($0) } ?? input
    context.lengths = context.lengths.map(positions)
    let sums = convolution(
      input, weight: weight, bias: bias, over: [axis(input.shape[1])], "Convolution1D", in: context)
    return activation(sums)
  }

  public func outputSteps(of steps: Int) -> Int? {
    let count = axis(steps).count
    return count > 0 ? count : nil
  }

  private func axis(_ steps: Int) -> WindowAxis {
    WindowAxis(size: steps, window: weight.shape[2], stride: stride, padding: padding)
  }

  /// Lengths of the outputs of sequences of given lengths.
  private func positions(of lengths: SequenceLengths) -> SequenceLengths {
    func before(_ steps: Int) -> Int { padding.amount(size: steps, window: weight.shape[2], stride: stride).before }
    let isReflected = if case .reflect = padding { true } else { false }
    require(
      !isReflected && lengths.steps.allSatisfy { before($0) == before(lengths.time) },
      "Convolution1D: \(padding) depends on where a sequence ends, and the batch has several lengths; pad with zeros")
    guard let positions = try? SequenceLengths(lengths.steps.map { axis($0).count }, time: axis(lengths.time).count)
    else {
      programmingError(
        "Convolution1D: a window of \(weight.shape[2]) does not fit a sequence of \(counted(lengths.steps.min() ?? 0, "step")) "
          + "with \(padding)")
    }
    return positions
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
    try visitor.visit(&bias, "bias")
  }
}
