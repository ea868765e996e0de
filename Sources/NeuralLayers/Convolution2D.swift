import Autograd
import TensorCore

/// A convolution over a grid: at each position the same weights read a window of the input (LeCun et al., 1989).
///
///     y[r, c] = Σ_i Σ_j W[:, :, i, j]·x[r · stride − padding + i, c · stride − padding + j] + b
///
/// The input is [batch, rows, columns, channels], the output [batch, rows', columns', filters]. (PyTorch's `Conv2d` puts the
/// channels before the rows; its weight and bias have these shapes.) Memory cost: a window of the input for each output
/// position.
public struct Convolution2D<Scalar: TensorScalar>: Layer {
  /// [filters, channels, window rows, window columns].
  public var weight: Parameter<Scalar>
  /// [filters].
  public var bias: Parameter<Scalar>?
  public let stride: (rows: Int, columns: Int)
  public let padding: EdgePadding
  public let activation: ActivationFunction

  /// A layer whose weight is still to be drawn; the bias starts at 0.
  public init(
    channels: Int, filters: Int, window: (rows: Int, columns: Int) = (3, 3), stride: (rows: Int, columns: Int) = (1, 1),
    padding: EdgePadding = .valid, activation: ActivationFunction = .linear, bias: Bool = true,
    initializer: Initializer = .glorotUniform
  ) {
    require(
      channels > 0 && filters > 0 && window.rows > 0 && window.columns > 0,
      "Convolution2D: \(channels) channels, \(filters) filters, window \(window.rows) × \(window.columns)")
    weight = Parameter([filters, channels, window.rows, window.columns], initializer)
    self.bias = bias ? Parameter([filters], .zeros) : nil
    (self.stride, self.padding, self.activation) = (stride, padding, activation)
    requireStride()
  }

  /// A layer of given weights, [filters, channels, window rows, window columns], and biases, [filters].
  public init(
    weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, stride: (rows: Int, columns: Int) = (1, 1),
    padding: EdgePadding = .valid, activation: ActivationFunction = .linear
  ) {
    if weight.rank != 4 || bias.map({ $0.shape != [weight.shape[0]] }) ?? false {
      shapeFailure(
        "Convolution2D", weight.shape, bias?.shape ?? [],
        hint: "a weight [filters, channels, rows, columns] and a bias [filters]")
    }
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
    (self.stride, self.padding, self.activation) = (stride, padding, activation)
    requireStride()
  }

  private func requireStride() {
    require(stride.rows > 0 && stride.columns > 0, "Convolution2D: stride \(stride.rows) × \(stride.columns)")
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    let channels = weight.shape[1]
    if input.shape.rank != 4 || input.shape[3] != channels {
      shapeFailure(
        "Convolution2D", input.shape, weight.shape, hint: "the input must be [batch, rows, columns, \(channels)]")
    }
    require(context.lengths == nil, "Convolution2D: images of several lengths; its input is a grid of one size")
    let rows = WindowAxis(
      size: input.shape[1], window: weight.shape[2], stride: stride.rows, padding: padding)
    let columns = WindowAxis(
      size: input.shape[2], window: weight.shape[3], stride: stride.columns, padding: padding)
    let sums = convolution(
      input, weight: weight, bias: bias, over: [rows, columns], "Convolution2D", in: context)
    return activation(sums.reshaped([input.shape[0], rows.count, columns.count, weight.shape[0]]))
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
    try visitor.visit(&bias, "bias")
  }
}

/// Sums of a convolution, [batch, positions, filters]: the same weights, [filters, channels, window], for each position.
func convolution<Scalar>(
  _ input: Variable<Scalar>, weight: Parameter<Scalar>, bias: Parameter<Scalar>?, over axes: [WindowAxis],
  _ layer: String,
  in context: borrowing ForwardContext<Scalar>
) -> Variable<Scalar> {
  let channels = weight.shape[1]
  let (windows, columns) = context.workspace.value(for: ConvolutionGeometry(axes: axes, channels: channels)) {
    let windows = Neighbourhoods(axes, layer)
    return (windows, windows.columns(channels: channels))
  }
  let patches = windows.patches(of: input, columns, channels: channels, layer, in: context)
  return linear(
    patches.reshaped([input.shape[0], windows.units, channels * windows.inputsPerUnit]), weight: weight, bias: bias,
    in: context)
}

/// Settings from which the table of windows follows.
private struct ConvolutionGeometry: Hashable {
  let axes: [WindowAxis]
  let channels: Int
}
